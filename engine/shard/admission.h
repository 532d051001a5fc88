// Admission: whether this machine has room for another viewer or phone, judged by what was measured
// over the last seconds. It says no with a reason before those who are there lose what they have;
// and yes again only when there is room to spare, so that the answer does not flutter.
//
//   look() once a second ─► window of kWindow ─► full, or not ─► may_stream(), may_make_phone()
//
// Without a whole window of measurements (the engine has just begun) there is room. Thread rule: a
// plain value of the front's loop.
#pragma once

#include <cstdint>
#include <deque>
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
  TimePoint when;
  double cpu_busy = 0;                       // since the look before
  std::uint64_t memory_available_bytes = 0;  // of the machine
  LatencyHistogram::Counts encode_waits{};   // of all shards, since the start
};

class Admission {
 public:
  static constexpr Duration kWindow{5'000'000};
  // Waits of fewer pictures than this in a window say nothing.
  static constexpr std::uint64_t kFewPictures = 50;
  // Room is back when every figure is below this share of its limit (free memory: above 1 / it).
  static constexpr double kRoomAgain = 0.8;

  explicit Admission(AdmissionLimits limits) : limits_(limits) {}

  void look(const LoadLook& look);
  // kUnavailable "the server is full: …", short enough for a close reason (RFC 6455: 123 bytes).
  [[nodiscard]] Status may_stream() const;
  [[nodiscard]] Status may_make_phone() const;

 private:
  void judge_pictures();
  void judge_memory(std::uint64_t available_bytes);

  AdmissionLimits limits_;
  std::deque<LoadLook> window_;
  std::string full_of_pictures_;  // why; empty: there is room
  std::string full_memory_;
};

}  // namespace rp
