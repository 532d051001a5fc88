// Admission: whether this machine has room for another viewer or phone, judged by what was measured
// over the last seconds. It says no with a reason before those who are there lose what they have;
// and yes again only when there is room to spare, so that the answer does not flutter.
//
//   look() once a second ─► kLooksToFill bad seconds on end: full; kLooksToClear good ones: room
//
// A burst (everyone reconnects, each wants a first picture) is no lack of room, nor is what the
// engine has not measured yet. Thread rule: a plain value of the front's loop.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/metrics.h"
#include "engine/base/result.h"

namespace rp {

struct AdmissionLimits {
  // Viewers are refused when the slowest twentieth of pictures waited longer than this for a codec.
  Duration encode_wait = std::chrono::milliseconds(150);
  // Or when all cores are busier than this, while half of all pictures waited longer than
  // `half_rate_wait`: with that wait between two pictures a phone gets fewer than 30 a second.
  double cpu_busy = 0.95;
  Duration half_rate_wait = std::chrono::milliseconds(30);
  // Viewers and phones are refused when less memory than this is left; 0: never.
  std::uint64_t free_bytes = std::uint64_t{256} << 20;
};

struct LoadLook {
  double cpu_busy = 0;                       // since the look before
  std::uint64_t memory_available_bytes = 0;  // of the machine
  LatencyHistogram::Counts encode_waits{};   // of all shards, since the start
};

class Admission {
 public:
  static constexpr int kLooksToFill = 5;
  static constexpr int kLooksToClear = 3;
  // Waits of fewer pictures than this in a second say nothing.
  static constexpr std::uint64_t kFewPictures = 10;
  // A second is good when every figure is below this share of its limit (free memory: above 1 /
  // it).
  static constexpr double kRoomAgain = 0.8;

  explicit Admission(AdmissionLimits limits) : limits_(limits) {}

  void look(const LoadLook& look);
  // kUnavailable "the server is full: …", short enough for a close reason (RFC 6455: 123 bytes).
  [[nodiscard]] Status may_stream() const;
  [[nodiscard]] Status may_make_phone() const;

 private:
  // Why pictures come too late, by `part` of the limits; empty: they do not.
  [[nodiscard]] std::string late_pictures(const LoadLook& look, double part) const;
  void judge_pictures(const LoadLook& look);
  void judge_memory(std::uint64_t available_bytes);

  AdmissionLimits limits_;
  LatencyHistogram::Counts waits_before_{};
  int bad_looks_ = 0;             // on end
  int good_looks_ = 0;            // on end
  std::string full_of_pictures_;  // why; empty: there is room
  std::string full_memory_;
};

}  // namespace rp
