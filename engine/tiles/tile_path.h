// TilePath: the way of a picture that needs no video. Looks at what a scene's damage really
// changed, finds what only moved, and packs the rest as lossless tiles when that is cheaper than
// video for the CPU and for the link. Remembers what of the viewer's picture is not exact (video is
// not), and makes it exact once the phone rests.
//
//   scene, damage ─► look() ─► kNothing: the app drew the same again
//                          ├─► kTiles:   operations for the wire's TILES
//                          └─► kVideo:   encode it; show this part of the picture
//
// One viewer's picture. Thread rule: the shard; scratch memory is the shard's, shared by its
// phones.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/compose/composer.h"
#include "engine/encode/encoder.h"
#include "engine/tiles/cell_hashes.h"
#include "engine/tiles/moved.h"
#include "engine/tiles/tile_encoder.h"

namespace rp {

struct TileScratch {
  std::vector<std::uint32_t> pixels;
  CellHashes now;
  std::vector<CellBlock> changed;
  std::vector<CellBlock> rest;
  std::vector<Rect> packed;           // what went into tiles
  std::vector<std::uint8_t> covered;  // cells that a move writes, column by column
  Moves moves;
  MoveFinder finder;
  TileEncoder encoder;
};

class TilePath {
 public:
  explicit TilePath(TileScratch& scratch) : scratch_(scratch) {}

  // The viewer's picture is unknown from now on: nothing is sent as tiles until it has been shown
  // whole by video.
  void reset(Size size);

  enum class Kind { kNothing, kTiles, kVideo };
  struct Verdict {
    Kind kind = Kind::kNothing;
    Rect shown;  // kVideo: what of the encoded picture the viewer is to show
  };
  // What to do about scene.damage. kTiles: `unit` has bytes and operations; more bytes than
  // `most_bytes` are left to video. The unit must be sent, the video shown, before the next call.
  [[nodiscard]] Verdict look(const Scene& scene, Composer& composer, std::size_t most_bytes,
                             AccessUnit& unit);
  // All of the picture goes by video (a key frame).
  void all_by_video();

  // Whether the viewer's picture equals the scene in every pixel.
  [[nodiscard]] bool exact() const { return lossy_.empty(); }
  // The next part of a picture at rest, about `most_bytes` of it (at least a few rows).
  void make_exact(const Scene& scene, Composer& composer, std::size_t most_bytes, AccessUnit& unit);

 private:
  [[nodiscard]] Verdict decide(const Scene& scene, Composer& composer, std::size_t most_bytes,
                               AccessUnit& unit);
  void hash_box(const Scene& scene, Composer& composer, Rect box);
  static void hash_row(Rect area, std::int32_t y, const std::uint32_t* pixels, CellHashes& into);
  [[nodiscard]] Verdict by_video(Rect shown);
  [[nodiscard]] bool pack(const Scene& scene, Composer& composer, std::size_t most_bytes,
                          AccessUnit& unit);
  [[nodiscard]] bool pack_tile(const Scene& scene, Composer& composer, Rect rect, AccessUnit& unit);
  void take_over(Rect area);
  void move_lossy();
  void sort_out();

  TileScratch& scratch_;
  CellHashes shown_;  // of the viewer's picture; what video showed counts as exact here
  Region lossy_;
  int videos_in_a_row_ = 0;
  int looks_to_skip_ = 0;
};

}  // namespace rp
