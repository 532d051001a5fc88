// FrameRate: how many pictures a second a viewer is to get, by what it prefers when its link is the
// limit: few that are fine, or many that are coarse. The encoder's quantiser says how coarse
// pictures have become; it only grows coarse when the link is the limit.
//
//   QP of each picture sent ─► FrameRate ─► interval() ─► the session's pacer ─► more bits a
//   picture
//
// Pure logic, times are given. Thread rule: one thread.
#pragma once

#include "engine/base/clock.h"

namespace rp {

enum class FramePreference { kAutomatic, kQuality, kSpeed };

class FrameRate {
 public:
  // What the viewer prefers and the most pictures a second it takes (at least 1).
  void set(FramePreference preference, int max_fps);
  // A video picture was sent that was coded with this H.264 quantiser (1–51; 0: not known).
  void on_picture(int qp, TimePoint now);
  // At least so long from one picture to the next.
  [[nodiscard]] Duration interval() const { return Duration(1'000'000 / fps_); }

 private:
  FramePreference preference_ = FramePreference::kAutomatic;
  int max_fps_ = 60;
  int fps_ = 60;
  TimePoint since_;  // of the pictures that are judged together
  TimePoint newest_;
  int pictures_ = 0;
  int qp_sum_ = 0;
};

}  // namespace rp
