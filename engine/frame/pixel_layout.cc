#include "engine/frame/pixel_layout.h"

#include <algorithm>

namespace rp {
namespace {

constexpr PixelLayout rgb(FourCc code, std::int32_t bytes, bool has_alpha) {
  return {code, has_alpha, 1, {PlaneLayout{bytes, 1}}};
}
constexpr PixelLayout pairs(FourCc code) {
  return {code, false, 2, {PlaneLayout{1, 1}, PlaneLayout{2, 2}}};
}
constexpr PixelLayout three(FourCc code) {
  return {code, false, 3, {PlaneLayout{1, 1}, PlaneLayout{1, 2}, PlaneLayout{1, 2}}};
}

constexpr std::array kLayouts = {
    rgb(fourcc('X', 'R', '2', '4'), 4, false), rgb(fourcc('A', 'R', '2', '4'), 4, true),
    rgb(fourcc('X', 'B', '2', '4'), 4, false), rgb(fourcc('A', 'B', '2', '4'), 4, true),
    rgb(fourcc('R', 'G', '1', '6'), 2, false), rgb(fourcc('X', 'R', '3', '0'), 4, false),
    rgb(fourcc('X', 'B', '3', '0'), 4, false), pairs(fourcc('N', 'V', '1', '2')),
    pairs(fourcc('N', 'V', '2', '1')),         three(fourcc('Y', 'U', '1', '2')),
    three(fourcc('Y', 'V', '1', '2')),
};

}  // namespace

std::span<const PixelLayout> pixel_layouts() { return kLayouts; }

const PixelLayout* find_pixel_layout(FourCc code) {
  const auto* found = std::ranges::find(kLayouts, code, &PixelLayout::code);
  return found == kLayouts.end() ? nullptr : found;
}

}  // namespace rp
