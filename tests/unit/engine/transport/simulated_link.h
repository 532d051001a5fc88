// A link with one bottleneck and the endless queue in front of it that real ones have, an encoder
// that follows RateController, and a viewer that acknowledges at once: the loop of a session
// without its parts.
//
//   encoder ─► LinkEstimator.may_send ─► [ queue ─ rate ] ─ delay ─► viewer ─ delay ─► ACK
//
// Steps of 1 ms of simulated time. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "engine/transport/link_estimator.h"
#include "engine/transport/rate_controller.h"

namespace rp {

class SimulatedLink {
 public:
  struct Options {
    std::uint32_t rate_kbps = 10'000;
    Duration one_way{10'000};
    std::uint32_t fps = 60;
    double key_frame_factor = 5;    // the first frame against an average one
    Duration jitter{0};             // acknowledgements come up to so much later
    std::uint32_t demand_kbps = 0;  // more the app's pictures never need; 0: any rate
  };

  explicit SimulatedLink(Options options) : options_(options) {}

  void set_rate(std::uint32_t kbps) { options_.rate_kbps = kbps; }
  void set_demand(std::uint32_t kbps) { options_.demand_kbps = kbps; }
  void run(Duration time);
  // Forgets the figures so far, not the state.
  void reset_figures();

  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] std::uint32_t target_kbps() const { return rate_.target_kbps(); }
  // Age of the picture the viewer shows, sampled each millisecond.
  [[nodiscard]] Duration staleness(double quantile) const;
  // Longest time without a new picture at the viewer.
  [[nodiscard]] Duration longest_gap() const { return longest_gap_; }
  // Most bytes that were unacknowledged.
  [[nodiscard]] std::size_t most_in_flight() const { return most_in_flight_; }
  // Bits delivered against bits the link could have carried.
  [[nodiscard]] double use() const;
  [[nodiscard]] const LinkEstimator& estimator() const { return link_; }
  RateController& rate() { return rate_; }

 private:
  struct Flying {
    std::uint32_t sequence = 0;
    TimePoint captured;
    double bytes_left = 0;
    TimePoint at;  // of arrival or acknowledgement, once the bottleneck is passed
  };
  void step();
  void encode_if_due();
  void carry();
  [[nodiscard]] Duration jitter();

  Options options_;
  RateController rate_;
  LinkEstimator link_;
  TimePoint now_{1'000'000};
  TimePoint next_frame_{1'000'000};
  TimePoint next_update_{1'000'000};
  std::uint32_t sequence_ = 0;
  std::deque<Flying> queue_;     // in front of the bottleneck
  std::deque<Flying> arriving_;  // behind it
  std::deque<Flying> acks_;
  TimePoint shown_{1'000'000};  // capture time of the newest picture shown
  TimePoint shown_at_{1'000'000};
  Duration longest_gap_{0};
  std::size_t most_in_flight_ = 0;
  std::minstd_rand random_{1};
  std::vector<std::int64_t> ages_us_;
  double delivered_bytes_ = 0;
  double possible_bytes_ = 0;
};

}  // namespace rp
