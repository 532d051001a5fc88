#include "engine/session/video_window.h"

#include <algorithm>

namespace rp {
namespace {

std::int64_t area_of(Rect r) { return std::int64_t{r.width} * r.height; }

Rect united(Rect a, Rect b) {
  if (a.empty()) return b;
  const std::int32_t x = std::min(a.x, b.x);
  const std::int32_t y = std::min(a.y, b.y);
  return {x, y, std::max(a.x + a.width, b.x + b.width) - x,
          std::max(a.y + a.height, b.y + b.height) - y};
}

struct Span {
  std::int32_t begin = 0;
  std::int32_t end = 0;
};

// Grown to the grid and to the least side, inside 0…limit.
Span fitted(Span needed, std::int32_t limit) {
  constexpr std::int32_t kGrid = VideoWindow::kGrid_px;
  const std::int32_t begin = needed.begin / kGrid * kGrid;
  const std::int32_t end = std::min((needed.end + kGrid - 1) / kGrid * kGrid, limit);
  const std::int32_t least = std::min(VideoWindow::kLeastSide_px, limit);
  if (end - begin >= least) return {begin, end};
  const std::int32_t last_begin = std::max(0, limit - least) / kGrid * kGrid;
  const std::int32_t earlier = std::min(begin, last_begin);
  return {earlier, std::min(earlier + std::max(least, end - earlier), limit)};
}

}  // namespace

void VideoWindow::reset(Size whole) {
  whole_ = whole;
  window_ = {};
  needed_ = {};
  pictures_ = 0;
}

Rect VideoWindow::fitted(Rect needed) const {
  const Span x = rp::fitted(Span{needed.x, needed.x + needed.width}, whole_.width);
  const Span y = rp::fitted(Span{needed.y, needed.y + needed.height}, whole_.height);
  const Rect fit{x.begin, y.begin, x.end - x.begin, y.end - y.begin};
  const Rect whole{0, 0, whole_.width, whole_.height};
  const bool saves =
      static_cast<double>(area_of(fit)) <= static_cast<double>(area_of(whole)) * kShrink;
  return saves ? fit : whole;
}

void VideoWindow::forget_needs(TimePoint now) {
  needed_ = {};
  pictures_ = 0;
  since_ = now;
}

Rect VideoWindow::choose(Rect shown, TimePoint now) {
  if (shown.empty()) shown = {0, 0, whole_.width, whole_.height};
  if (window_.empty() || intersection(shown, window_) != shown) {
    window_ = fitted(united(window_, shown));
    forget_needs(now);
  }
  needed_ = united(needed_, shown);
  if (++pictures_ < kPictures || now - since_ < kPatience) return window_;
  const Rect smaller = fitted(needed_);
  if (static_cast<double>(area_of(smaller)) <= static_cast<double>(area_of(window_)) * kShrink)
    window_ = smaller;
  forget_needs(now);
  return window_;
}

}  // namespace rp
