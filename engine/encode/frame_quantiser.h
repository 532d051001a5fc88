// FrameQuantiser: chooses the quantiser (H.264 QP, 0–51, smaller is finer) of each picture, for
// codecs that leave the choice to their caller: the finest QP that is ever needed while the link
// has room, a coarser one when the picture would hold the link longer than allowed.
//
// The link is a queue that drains at the bit rate and may hold vbv_ms of it. Bits are predicted as
// x · 2^(−QP/9), with x learned from the pictures before; a picture that is made finer than the one
// before it also pays for what it makes finer. What the model cannot foresee (an app that comes to
// the front) shows after encoding: coded() then asks for the picture once more, as a key frame,
// which needs nothing of the picture thrown away.
//
// Thread rule: a plain value. Times: of any one clock; a time that does not advance counts as one
// frame of the rate's framerate.
#pragma once

#include <cstdint>

#include "engine/base/clock.h"
#include "engine/encode/encoder.h"

namespace rp {

class FrameQuantiser {
 public:
  // `worth_bits`: what one picture of a motion may take, however much more the link carries. An eye
  // does not follow the grain of a moving picture, and to code it costs the encoder several times
  // the rest. A picture that stands alone (a new page, a key frame) may take more. 0: no bound.
  FrameQuantiser(int finest_qp, EncoderRate rate, std::uint32_t vbv_ms,
                 std::int64_t worth_bits = 0);

  // Both fields must be positive (see bounded() in settings.h).
  void set_rate(EncoderRate rate) { rate_ = rate; }

  // The QP for the next picture, taken at `now`.
  [[nodiscard]] int next(bool key, TimePoint now);
  // What the picture came to at the QP next() gave. False: far too much for the link; it must not
  // be sent, but encoded once more as a key frame with the QP of retry_qp().
  [[nodiscard]] bool coded(bool key, std::int64_t bits);
  [[nodiscard]] int retry_qp();

  // Whether the last picture is as fine as it gets: encoding it again would add nothing.
  [[nodiscard]] int shown_qp() const { return shown_qp_; }  // of the last picture that was kept
  [[nodiscard]] bool settled() const { return shown_qp_ <= finest_qp_; }

 private:
  static constexpr int kBeforeFiner = 8;
  void weigh(double bits);
  [[nodiscard]] double capacity_bits() const;
  [[nodiscard]] double frame_bits() const;
  [[nodiscard]] double allowed_bits(bool key) const;
  [[nodiscard]] double foreseen_bits(bool key, int qp) const;
  [[nodiscard]] int finest_within(bool key, double allowed) const;

  int finest_qp_;
  EncoderRate rate_;
  std::uint32_t vbv_ms_;
  TimePoint last_{0};
  double worth_bits_;
  int worth_qp_;        // no finer than this while it moves
  int over_worth_ = 0;  // pictures in a row
  int under_worth_ = 0;
  int before_finer_ = kBeforeFiner;
  double queue_bits_ = 0;
  double whole_ = 0;    // x of the picture as if all of it were new; 0: not known yet
  double change_ = 0;   // x of what changes from picture to picture
  int shown_qp_ = 51;   // of the last picture that was kept
  int chosen_qp_ = 51;  // of the picture being encoded
  int tries_left_ = 0;  // for the picture being encoded
  std::int64_t too_many_bits_ = 0;
};

}  // namespace rp
