#include "engine/shard/admission.h"

#include <numeric>
#include <utility>

#include <fmt/core.h>

namespace rp {
namespace {

LatencyHistogram::Counts difference(const LatencyHistogram::Counts& now,
                                    const LatencyHistogram::Counts& before) {
  LatencyHistogram::Counts result{};
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = now[i] - before[i];
  return result;
}

}  // namespace

void Admission::look(const LoadLook& look) {
  judge_pictures(look);
  judge_memory(look.memory_available_bytes);
  waits_before_ = look.encode_waits;
}

std::string Admission::late_pictures(const LoadLook& look, double part) const {
  const auto waits = difference(look.encode_waits, waits_before_);
  const auto pictures = std::accumulate(waits.begin(), waits.end(), std::uint64_t{0});
  if (pictures < kFewPictures) return {};
  const auto beyond = [part](double us, Duration limit) {
    return us > part * static_cast<double>(limit.count());
  };
  const double p95_us = LatencyHistogram::quantile_us(0.95, waits);
  if (beyond(p95_us, limits_.encode_wait)) {
    return fmt::format("pictures wait {:.0f} ms for an encoder", p95_us / 1e3);
  }
  if (look.cpu_busy > part * limits_.cpu_busy &&
      beyond(LatencyHistogram::quantile_us(0.5, waits), limits_.half_rate_wait)) {
    return fmt::format(
        "its processors are {:.0f} % busy and screens get less than half their pictures",
        look.cpu_busy * 100);
  }
  return {};
}

void Admission::judge_pictures(const LoadLook& look) {
  std::string why = late_pictures(look, 1);
  bad_looks_ = why.empty() ? 0 : bad_looks_ + 1;
  good_looks_ = late_pictures(look, kRoomAgain).empty() ? good_looks_ + 1 : 0;
  if (bad_looks_ >= kLooksToFill) {
    full_of_pictures_ = std::move(why);
  } else if (good_looks_ >= kLooksToClear) {
    full_of_pictures_.clear();
  }
}

void Admission::judge_memory(std::uint64_t available_bytes) {
  const double limit =
      static_cast<double>(limits_.free_bytes) / (full_memory_.empty() ? 1 : kRoomAgain);
  full_memory_.clear();
  if (static_cast<double>(available_bytes) < limit) {
    full_memory_ = fmt::format("{} MiB of memory are left", available_bytes >> 20);
  }
}

Status Admission::may_stream() const {
  if (!full_of_pictures_.empty()) {
    return fail(ErrorCode::kUnavailable, "the server is full: " + full_of_pictures_);
  }
  return may_make_phone();
}

Status Admission::may_make_phone() const {
  if (full_memory_.empty()) return {};
  return fail(ErrorCode::kUnavailable, "the server is full: " + full_memory_);
}

}  // namespace rp
