#include "engine/encode/frame_quantiser.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/encode/settings.h"

namespace rp {
namespace {

constexpr int kCoarsestQp = 51;
constexpr int kTries = 2;
// A motion is made no coarser than this for want of worth, and is one from this many pictures on.
constexpr int kCoarsestWorth = 32;
constexpr int kMotion = 2;
// It is tried finer after so many pictures of less than half its worth, twice as many each time
// that was in vain, and at once when next to nothing changes.
constexpr int kMostBeforeFiner = 240;
constexpr double kRest = 32;
// A picture may hold the link this much longer than planned before it is worth encoding again.
constexpr double kTolerance = 1.1;
// Until it is learned: how much of a whole picture changes from one to the next.
constexpr double kChangeShare = 1.0 / 16;
// More than this many times the bits foreseen is another picture, not one made finer.
constexpr double kSurprise = 3;
// What is known of the whole picture fades, because only key frames show it.
constexpr double kFade = 0.98;

// QP steps that halve the bits: 6 for noise, 8 to 15 for text, whose edges stay.
constexpr double kHalving_qp = 9;

double weight(int qp) { return std::exp2(-qp / kHalving_qp); }

}  // namespace

FrameQuantiser::FrameQuantiser(int finest_qp, EncoderRate rate, std::uint32_t vbv_ms,
                               std::int64_t worth_bits)
    : finest_qp_(finest_qp),
      rate_(rate),
      vbv_ms_(vbv_ms),
      worth_bits_(worth_bits > 0 ? static_cast<double>(worth_bits)
                                 : std::numeric_limits<double>::infinity()),
      worth_qp_(finest_qp) {}

double FrameQuantiser::capacity_bits() const { return vbv_kbit(rate_, vbv_ms_) * 1e3; }

double FrameQuantiser::frame_bits() const { return rate_.bitrate_kbps * 1e3 / rate_.framerate; }

// A key frame may fill what is free; others aim at a queue that is half full.
double FrameQuantiser::allowed_bits(bool key) const {
  const double capacity = capacity_bits();
  if (key) return std::max(0.8 * (capacity - queue_bits_), capacity / 4);
  return std::max(frame_bits() + (capacity / 2 - queue_bits_) / 2, frame_bits() / 2);
}

double FrameQuantiser::foreseen_bits(bool key, int qp) const {
  if (key) return whole_ * weight(qp);
  const double finer = qp < shown_qp_ ? weight(qp) - weight(shown_qp_) : 0;
  return change_ * weight(qp) + whole_ * finer;
}

int FrameQuantiser::finest_within(bool key, double allowed) const {
  int qp = finest_qp_;
  while (qp < kCoarsestQp && foreseen_bits(key, qp) > allowed) ++qp;
  return qp;
}

int FrameQuantiser::next(bool key, TimePoint now) {
  const double frame_s = 1.0 / rate_.framerate;
  const Duration since = now - last_;
  const double elapsed_s = since.count() > 0 ? static_cast<double>(since.count()) / 1e6 : frame_s;
  last_ = now;
  queue_bits_ = std::max(0.0, queue_bits_ - rate_.bitrate_kbps * 1e3 * elapsed_s);
  tries_left_ = kTries;
  chosen_qp_ = finest_within(key, allowed_bits(key));
  if (!key) chosen_qp_ = std::max(chosen_qp_, worth_qp_);
  return chosen_qp_;
}

// By steps: grain costs much at one QP and next to nothing a few above, which no model of ours
// foresees.
void FrameQuantiser::weigh(double bits) {
  if (bits > worth_bits_) {
    if (++over_worth_ < kMotion) return;
    const int coarser = static_cast<int>(std::ceil(2 * std::log2(bits / worth_bits_)));
    worth_qp_ = std::min(std::max(worth_qp_, chosen_qp_) + coarser, kCoarsestWorth);
    before_finer_ = std::min(before_finer_ * 2, kMostBeforeFiner);
    return;
  }
  over_worth_ = 0;
  if (bits > worth_bits_ / 2) {
    under_worth_ = 0;
    return;
  }
  if (bits < worth_bits_ / kRest) {
    before_finer_ = kBeforeFiner;
  } else if (++under_worth_ < before_finer_) {
    return;
  }
  under_worth_ = 0;
  worth_qp_ = std::max(worth_qp_ - 1, finest_qp_);
}

bool FrameQuantiser::coded(bool key, std::int64_t bits) {
  const auto many = static_cast<double>(bits);
  const double x = many / weight(chosen_qp_);
  const double room = std::max(capacity_bits() - queue_bits_, capacity_bits() / 4);
  const bool made_finer = !key && chosen_qp_ < shown_qp_;
  const bool surprise = !made_finer || many > kSurprise * foreseen_bits(key, chosen_qp_);
  if (many > kTolerance * room && surprise && chosen_qp_ < kCoarsestQp && tries_left_ > 0) {
    --tries_left_;
    too_many_bits_ = bits;
    whole_ = x;
    return false;
  }
  if (key) {
    whole_ = x;
    change_ = whole_ * kChangeShare;
  } else {
    whole_ = std::max(whole_ * kFade, x);
    if (!made_finer) change_ = std::max(x, (change_ + x) / 2);
    weigh(made_finer ? 0 : many);
  }
  shown_qp_ = chosen_qp_;
  queue_bits_ += many;
  return true;
}

int FrameQuantiser::retry_qp() {
  const double over = static_cast<double>(too_many_bits_) / allowed_bits(true);
  const int coarser = static_cast<int>(std::ceil(kHalving_qp * std::log2(std::max(over, 1.0)))) + 1;
  chosen_qp_ = std::clamp(chosen_qp_ + coarser, finest_qp_, kCoarsestQp);
  return chosen_qp_;
}

}  // namespace rp
