// CpuComposer: the composer on the CPU, by libyuv. What is stale is cut into strips at the layers'
// edges. A strip one opaque, unscaled layer fills is converted straight from the guest's buffer;
// any other is drawn into a scratch of bounded size first. Nothing is allocated once it has run.
// Thread rule: one shard; phones of a shard may share one.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/metrics.h"
#include "engine/compose/composer.h"
#include "engine/compose/pixel_format.h"
#include "engine/frame/cpu_access.h"

namespace rp {

struct SamplerScratch;

class CpuComposer final : public Composer {
 public:
  CpuComposer();
  ~CpuComposer() override;
  [[nodiscard]] Status compose(const Scene& scene, Picture& picture) override;
  [[nodiscard]] Status render(const Scene& scene, Rect area, std::span<std::uint32_t> out) override;
  [[nodiscard]] Status scan(const Scene& scene, Rect area, const Row& row) override;

  // Layers left out because only a device can read them (a modifier that is not LINEAR), picture by
  // picture.
  [[nodiscard]] const Counter& device_layers() const { return device_layers_; }

 private:
  // What is seen in a strip: the layers from `first` on, of which that one hides all behind it when
  // `covered`.
  struct View {
    std::size_t first = 0;
    std::size_t touching = 0;
    bool covered = false;
  };
  struct Entry {
    const Layer* layer = nullptr;
    const PixelFormat* format = nullptr;  // null: the layer is left out
    bool one_to_one = false;              // source pixels are output pixels
  };

  // `place`: what the layers are read for.
  void take_in(const Scene& scene, CpuPlace place);
  [[nodiscard]] const char* fault_in(const Layer& layer, const PixelFormat* format);
  void compose_box(Rect box, Picture& picture);
  [[nodiscard]] std::int32_t strip_end(Rect box, std::int32_t y) const;
  // Draws the strip; false when a layer turned out unreadable (and is left out from then on).
  [[nodiscard]] bool compose_strip(Rect strip, Picture& picture);
  [[nodiscard]] bool convert_directly(Entry& entry, Rect strip, Picture& picture);
  [[nodiscard]] View view_of(Rect strip) const;
  // Both draw into `to`, rows of `stride` bytes, whose first pixel is the piece's; false as above.
  [[nodiscard]] bool draw_all(View view, Rect piece, std::uint8_t* to, std::ptrdiff_t stride);
  [[nodiscard]] bool scan_strip(Rect strip, const Row& row);
  [[nodiscard]] bool scan_directly(Entry& entry, Rect strip, const Row& row);
  [[nodiscard]] bool draw(Entry& entry, Rect piece, std::uint8_t* to, std::ptrdiff_t stride);
  [[nodiscard]] bool covers(const Entry& entry, Rect strip) const;
  void leave_out(Entry& entry, const char* why);

  std::vector<Entry> entries_;
  CpuPlace place_ = CpuPlace::kCompose;
  std::vector<std::uint8_t> strip_;
  std::unique_ptr<SamplerScratch> scratch_;
  Counter device_layers_;
  const char* complaint_ = nullptr;  // why the last layer was left out
};

}  // namespace rp
