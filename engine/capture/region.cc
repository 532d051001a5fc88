// wl_region: a list of rectangles a client builds up. Counted in rectangles, for that is what it
// costs.
#include "engine/capture/region.h"

#include <wayland-server-protocol.h>

#include "engine/base/limits.h"
#include "engine/capture/client_record.h"
#include "engine/capture/resource.h"

namespace rp {
namespace {

class RegionObject {
 public:
  explicit RegionObject(wl_resource* resource)
      : record_(ClientRecord::of(wl_resource_get_client(resource))) {}
  ~RegionObject() { record_.region_rects -= counted_; }
  RegionObject(const RegionObject&) = delete;
  RegionObject& operator=(const RegionObject&) = delete;

  [[nodiscard]] const Region& region() const { return region_; }

  void add(Rect rect) {
    if (!region_.add_exact(rect)) return record_.end_for_limit("rectangles of a region");
    recount();
  }
  void subtract(Rect rect) {
    region_.subtract(Region(rect));
    recount();
  }

 private:
  void recount() {
    const std::size_t now = region_.boxes().size();
    record_.region_rects -= counted_;
    counted_ = 0;
    if (now > limits::kMaxExactRects) {
      region_.clear();
      return record_.end_for_limit("rectangles of a region");
    }
    if (record_.take(record_.region_rects, now, limits::kMaxRegionRectsPerClient,
                     "rectangles of one client's regions")) {
      counted_ = now;
    } else {
      region_.clear();
    }
  }

  ClientRecord& record_;
  Region region_;
  std::size_t counted_ = 0;
};

const struct wl_region_interface kRegion = {
    .destroy = destroy_resource,
    .add =
        [](wl_client*, wl_resource* r, std::int32_t x, std::int32_t y, std::int32_t width,
           std::int32_t height) {
          object_of<RegionObject>(r)->add({x, y, width, height});
        },
    .subtract =
        [](wl_client*, wl_resource* r, std::int32_t x, std::int32_t y, std::int32_t width,
           std::int32_t height) {
          object_of<RegionObject>(r)->subtract({x, y, width, height});
        },
};

}  // namespace

void create_region(wl_client* client, std::uint32_t id) {
  make_object<RegionObject>(client, wl_region_interface, 1, id, kRegion);
}

const Region& region_of(wl_resource* region) { return object_of<RegionObject>(region)->region(); }

}  // namespace rp
