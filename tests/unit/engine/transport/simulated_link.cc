#include "tests/unit/engine/transport/simulated_link.h"

#include <algorithm>
#include <utility>

namespace rp {

namespace {

constexpr Duration kStep{1'000};

}  // namespace

void SimulatedLink::run(Duration time) {
  const TimePoint end = now_ + time;
  while (now_ < end) step();
}

void SimulatedLink::reset_figures() {
  ages_us_.clear();
  delivered_bytes_ = possible_bytes_ = 0;
  longest_gap_ = Duration(0);
  shown_at_ = now_;
  most_in_flight_ = 0;
}

void SimulatedLink::step() {
  now_ = now_ + kStep;
  carry();
  while (!arriving_.empty() && arriving_.front().at <= now_) {
    shown_ = arriving_.front().captured;
    longest_gap_ = std::max(longest_gap_, now_ - std::exchange(shown_at_, now_));
    acks_.push_back(arriving_.front());
    acks_.back().at = now_ + options_.one_way + jitter();
    arriving_.pop_front();
  }
  while (!acks_.empty() && acks_.front().at <= now_) {
    link_.on_acknowledged(acks_.front().sequence, now_);
    acks_.pop_front();
    rate_.update(now_, link_.estimate(now_));
  }
  if (now_ >= next_update_) {
    rate_.update(now_, link_.estimate(now_));
    next_update_ = now_ + Duration(50'000);
  }
  encode_if_due();
  ages_us_.push_back((now_ - shown_).count());
}

// Mostly little, at times much, as where stations share the air. They come in order all the same.
Duration SimulatedLink::jitter() {
  if (options_.jitter.count() == 0) return Duration(0);
  const double x = std::generate_canonical<double, 24>(random_);
  const auto late =
      static_cast<std::int64_t>(x * x * x * static_cast<double>(options_.jitter.count()));
  const Duration in_order = acks_.size() < 2 ? Duration(0) : acks_[acks_.size() - 2].at - now_;
  return std::max(Duration(late), in_order - options_.one_way);
}

void SimulatedLink::encode_if_due() {
  if (now_ < next_frame_ || !link_.may_send(now_)) return;
  // Sizes vary around the average as an encoder's do, the same way in every run.
  constexpr double kVariation[] = {1.0, 0.7, 1.3, 0.9, 1.1};
  const std::uint32_t kbps = options_.demand_kbps == 0
                                 ? rate_.target_kbps()
                                 : std::min(rate_.target_kbps(), options_.demand_kbps);
  double bytes = kbps * 125.0 / options_.fps * kVariation[sequence_ % 5];
  if (sequence_ == 0) bytes *= options_.key_frame_factor;
  ++sequence_;
  link_.on_sent(sequence_, static_cast<std::size_t>(bytes), now_);
  most_in_flight_ = std::max(most_in_flight_, link_.bytes_in_flight());
  queue_.push_back({sequence_, now_, bytes, {}});
  // A frame that had to wait for readiness does not make the next one come sooner than the app
  // draws.
  next_frame_ = std::max(next_frame_, now_ - Duration(1'000'000 / options_.fps)) +
                Duration(1'000'000 / options_.fps);
}

void SimulatedLink::carry() {
  double budget = options_.rate_kbps * 125.0 / 1'000;
  possible_bytes_ += budget;
  while (!queue_.empty() && budget > 0) {
    const double taken = std::min(budget, queue_.front().bytes_left);
    queue_.front().bytes_left -= taken;
    budget -= taken;
    delivered_bytes_ += taken;
    if (queue_.front().bytes_left > 0) break;
    arriving_.push_back(queue_.front());
    arriving_.back().at = now_ + options_.one_way;
    queue_.pop_front();
  }
}

Duration SimulatedLink::staleness(double quantile) const {
  std::vector<std::int64_t> sorted = ages_us_;
  const auto at = static_cast<std::size_t>(quantile * static_cast<double>(sorted.size() - 1));
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<long>(at), sorted.end());
  return Duration(sorted[at]);
}

double SimulatedLink::use() const { return delivered_bytes_ / possible_bytes_; }

}  // namespace rp
