// TileCanvas: a viewer's picture without a screen: carries out the operations of TILES. What the
// engine's tests compare with the app's pixels. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/frame/geometry.h"
#include "engine/wire/tiles.h"

namespace rp {

class TileCanvas {
 public:
  explicit TileCanvas(Size size);

  // Words 0xFFRRGGBB, rows of size.width; black at first.
  [[nodiscard]] std::span<std::uint32_t> pixels() { return pixels_; }
  [[nodiscard]] Size size() const { return size_; }
  // kInvalid when an operation is malformed or its data does not unpack to its rectangle.
  [[nodiscard]] Status apply(std::span<const std::uint8_t> operations);

 private:
  void copy(const wire::Operation& op);
  [[nodiscard]] Status tile(const wire::Operation& op);
  [[nodiscard]] Status unpack(std::span<const std::uint8_t> block, std::size_t bytes);

  Size size_;
  std::vector<std::uint32_t> pixels_;
  std::vector<std::uint8_t> unpacked_;
};

}  // namespace rp
