#include "engine/transport/frame_rate.h"

#include <algorithm>

namespace rp {

namespace {

constexpr Duration kStep = std::chrono::milliseconds(250);
constexpr int kLeastPictures = 3;
// After so long without a picture another thing is drawn than before.
constexpr Duration kAfresh = std::chrono::milliseconds(1'000);
// Finer than the limit by so much, pictures may become more again.
constexpr int kFiner_qp = 6;

struct Limits {
  int coarsest_qp;  // coarser only once the frame rate is at its lowest
  int least_fps;
};

Limits limits_of(FramePreference preference) {
  switch (preference) {
    case FramePreference::kQuality:
      return {32, 15};
    case FramePreference::kSpeed:
      return {51, 60};
    case FramePreference::kAutomatic:
      break;
  }
  return {40, 30};
}

}  // namespace

void FrameRate::set(FramePreference preference, int max_fps) {
  if (preference == preference_ && max_fps == max_fps_) return;
  preference_ = preference;
  max_fps_ = std::max(max_fps, 1);
  fps_ = max_fps_;
  pictures_ = qp_sum_ = 0;
}

void FrameRate::on_picture(int qp, TimePoint now) {
  if (qp == 0) return;
  if (now - newest_ > kAfresh) {
    fps_ = max_fps_;
    pictures_ = qp_sum_ = 0;
  }
  newest_ = now;
  if (pictures_ == 0) since_ = now;
  ++pictures_;
  qp_sum_ += qp;
  if (now - since_ < kStep || pictures_ < kLeastPictures) return;
  const Limits limits = limits_of(preference_);
  const int mean_qp = qp_sum_ / pictures_;
  if (mean_qp > limits.coarsest_qp) {
    fps_ = std::min(max_fps_, std::max(limits.least_fps, fps_ * 3 / 4));
  } else if (mean_qp < limits.coarsest_qp - kFiner_qp) {
    fps_ = std::min(max_fps_, fps_ * 5 / 4 + 1);
  }
  pictures_ = qp_sum_ = 0;
}

}  // namespace rp
