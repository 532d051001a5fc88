// ScenePlan: what of a scene has to be drawn where: the stale region as boxes that do not overlap,
// with even edges, and for each the layers that are seen in it. ReadPlan: where in its buffer a
// layer's pixels for a box lie. Knows no Vulkan. Thread rule: the shard's.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/compose/pixel_format.h"
#include "engine/compose/sampler.h"
#include "engine/frame/frame.h"

namespace rp::vulkan {

class ScenePlan {
 public:
  struct Entry {
    const Layer* layer = nullptr;
    const PixelFormat* format = nullptr;  // null: the layer is left out
  };
  // `scene` must outlive the use of the plan.
  void make(const Scene& scene, const Region& stale);
  void clear();
  // Even; where the output is odd the last one reaches beyond it, and area() does not.
  [[nodiscard]] const std::vector<Rect>& boxes() const { return boxes_; }
  [[nodiscard]] Rect area(std::size_t box) const { return intersection(boxes_[box], output_); }
  // Some layer hides all that lies behind it there.
  [[nodiscard]] bool covered(std::size_t box) const { return views_[box].covered; }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  // The part of the box the entry is drawn in; empty when it is not seen there.
  [[nodiscard]] Rect part(std::size_t entry, std::size_t box) const;
  [[nodiscard]] bool opaque(std::size_t entry, Rect part) const;
  // From here on as if the layer were not there.
  void leave_out(std::size_t entry, const char* why);
  // Recomputes what part() says; call it after layers have been left out.
  void look();
  // Why the last layer was left out; null: none was.
  [[nodiscard]] const char* complaint() const { return complaint_; }

 private:
  // The layers seen in a box: those from `first` on that touch it, of which that one hides all
  // behind it when `covered`.
  struct View {
    std::size_t first = 0;
    bool covered = false;
  };
  [[nodiscard]] View view_of(Rect area) const;

  Rect output_;
  std::vector<Rect> boxes_;
  std::vector<View> views_;
  std::vector<Entry> entries_;
  const char* complaint_ = nullptr;
};

// The mapping from output pixels to the pixels of a layer's buffer.
struct ReadPlan {
  Axis columns;
  Axis rows;
  std::int32_t first_x = 0;  // the output pixel the axes start at
  std::int32_t first_y = 0;
  Size upright;

  [[nodiscard]] static ReadPlan of(const Layer& layer, Size output);
  // The upright pixels that are read for the output pixels of `part`.
  [[nodiscard]] Rect window(Rect part) const;
};

}  // namespace rp::vulkan
