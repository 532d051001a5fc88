// TileEncoder: packs pixels without loss as TILE operations (docs/wire_format.md): one colour, up
// to 256 colours, or plain; through LZ4, which a browser unpacks in a few lines. Thread rule: a
// plain object with scratch memory; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/frame/geometry.h"

namespace rp {

class TileEncoder {
 public:
  TileEncoder();

  // Appends the pixels of `area` (of the output): words 0xFFRRGGBB, `stride` words from row to row,
  // the first is the area's corner. Cuts what is larger than a TILE may be into bands of rows.
  // Returns how many operations were appended.
  int append(std::span<const std::uint32_t> pixels, std::size_t stride, Rect area,
             std::vector<std::uint8_t>& out);

 private:
  static constexpr std::size_t kSlots = 1024;  // of a hash table for at most 256 colours

  void append_one(std::span<const std::uint32_t> pixels, std::size_t stride, Rect area,
                  std::vector<std::uint8_t>& out);
  // Fills packed_ with an index a pixel and colours_; false when there are more than 256.
  [[nodiscard]] bool index(std::span<const std::uint32_t> pixels, std::size_t stride, Rect area);
  // The palette's index of a colour, or −1 when it is full.
  [[nodiscard]] int slot_of(std::uint32_t pixel);
  void append_lz4(std::vector<std::uint8_t>& out);

  std::vector<std::uint8_t> packed_;    // before LZ4
  std::vector<std::uint32_t> colours_;  // of the palette, in order of appearance
  std::array<std::uint32_t, kSlots> slot_colour_{};
  std::array<std::uint16_t, kSlots> slot_index_{};  // index + 1; 0: empty
  std::vector<std::uint64_t> lz4_state_;
};

}  // namespace rp
