#include "engine/session/video_window.h"

#include <algorithm>

namespace rp {
namespace {

struct Range {
  std::int32_t begin = 0;
  std::int32_t end = 0;
};

// Grown to the grid and to the least side, inside 0…limit.
Range on_grid(Range needed, std::int32_t limit) {
  constexpr std::int32_t kGrid = VideoWindow::kGrid_px;
  const std::int32_t begin = needed.begin / kGrid * kGrid;
  const std::int32_t end = std::min((needed.end + kGrid - 1) / kGrid * kGrid, limit);
  const std::int32_t least = std::min(VideoWindow::kLeastSide_px, limit);
  if (end - begin >= least) return {begin, end};
  const std::int32_t earlier = std::min(begin, (limit - least) / kGrid * kGrid);
  return {earlier, std::min(std::max(earlier + least, end), limit)};
}

bool saves(Rect smaller, Rect than) {
  return area_of(smaller) * 100 <= area_of(than) * VideoWindow::kShrink_percent;
}

}  // namespace

void VideoWindow::reset(Size whole) {
  *this = VideoWindow();
  whole_ = {0, 0, whole.width, whole.height};
}

Rect VideoWindow::fitted(Rect needed) const {
  const Range x = on_grid({needed.x, needed.x + needed.width}, whole_.width);
  const Range y = on_grid({needed.y, needed.y + needed.height}, whole_.height);
  const Rect fit{x.begin, y.begin, x.end - x.begin, y.end - y.begin};
  return saves(fit, whole_) ? fit : whole_;
}

void VideoWindow::forget_needs(TimePoint now) {
  needed_ = {};
  pictures_ = 0;
  since_ = now;
}

Rect VideoWindow::choose(Rect shown, TimePoint now) {
  if (shown.empty()) shown = whole_;
  if (intersection(shown, window_) != shown) {
    // It shrank too soon: content that comes and goes is no reason for a key frame each time.
    const bool too_soon = !window_.empty() && now - shrunk_at_ < kRegret;
    patience_ = too_soon ? std::min(2 * patience_, kMostPatience) : kPatience;
    window_ = fitted(united(window_, shown));
    forget_needs(now);
  }
  needed_ = united(needed_, shown);
  if (++pictures_ < kPictures || now - since_ < patience_) return window_;
  if (const Rect smaller = fitted(needed_); saves(smaller, window_)) {
    window_ = smaller;
    shrunk_at_ = now;
  }
  forget_needs(now);
  return window_;
}

}  // namespace rp
