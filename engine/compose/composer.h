// Composer: draws what changed of a scene into a picture: placing, scaling, turning, blending,
// colour conversion. Implementations: CPU (engine/compose), Vulkan (drivers/vulkan). One
// contract suite (tests/contract/composer) holds them all. Thread rule: the phone's shard; blocking
// is bounded by the scene's pixels.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "engine/base/result.h"
#include "engine/frame/frame.h"
#include "engine/frame/picture.h"
#include "engine/frame/source_formats.h"

namespace rp {

class Composer {
 public:
  virtual ~Composer() = default;

  // The buffers it takes, for the display to advertise. Another pointer when the set has changed (a
  // device came or went). A layer outside of the set is left out, as one that cannot be read. What
  // a CPU reads, unless a device has a say.
  [[nodiscard]] virtual const SharedSourceFormats& source_formats() const {
    return linear_source_formats();
  }

  // Makes every pixel of `picture.stale` (grown to even edges, because chroma is shared by 2×2)
  // equal to the scene, then clears `stale`. Pixels no layer covers are black. `scene.output` ==
  // `picture.size`. Later layers blend over earlier ones: premultiplied alpha for AR24/AB24, opaque
  // for X formats. A layer whose buffer cannot be read (unmappable, shrunk) is skipped: the rest is
  // drawn and the result is kInvalid. A composer on a device may return before the picture is
  // written (Picture::ready); its other errors leave picture and stale region as they were.
  [[nodiscard]] virtual Status compose(const Scene& scene, Picture& picture) = 0;

  // The scene's pixels inside `area` (which lies inside the output) as words 0xFFRRGGBB, rows of
  // area.width one after the other. `out` holds area.width × area.height. Layers and errors as
  // compose(), but that the CPU draws: only linear buffers (layer_check.h) are read.
  [[nodiscard]] virtual Status render(const Scene& scene, Rect area,
                                      std::span<std::uint32_t> out) = 0;

  // The same pixels row by row, without a copy where an app's memory already holds them: `row` gets
  // each y of `area` at least once and area.width words xxRRGGBB, whose high byte may be anything.
  // They are valid, and may change, during the call only.
  using Row = std::function<void(std::int32_t y, const std::uint32_t* pixels)>;
  [[nodiscard]] virtual Status scan(const Scene& scene, Rect area, const Row& row) = 0;

  // A device draws, now and as far as it can be told.
  [[nodiscard]] virtual bool on_device() const { return false; }

  // Between these, compose() may leave its work undone: a device gets all of it at once. Pictures
  // may not be looked at, nor their `ready`, and must stay where they are, until end_batch(); when
  // that fails those not written are stale again.
  virtual void begin_batch() {}
  [[nodiscard]] virtual Status end_batch() { return {}; }
};

}  // namespace rp
