#include "engine/shard/admission.h"

#include <numeric>

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
  window_.push_back(look);
  // One look at or before the window's beginning stays, to count from.
  while (window_.size() > 2 && look.when - window_[1].when >= kWindow) window_.pop_front();
  judge_pictures();
  judge_memory(look.memory_available_bytes);
}

void Admission::judge_pictures() {
  const LoadLook& last = window_.back();
  const LoadLook& first = window_.front();
  if (last.when - first.when < kWindow) return;
  const auto waits = difference(last.encode_waits, first.encode_waits);
  const bool enough = std::accumulate(waits.begin(), waits.end(), std::uint64_t{0}) >= kFewPictures;
  const double p95_us = enough ? LatencyHistogram::quantile_us(0.95, waits) : 0;
  const double median_us = enough ? LatencyHistogram::quantile_us(0.5, waits) : 0;
  double busy = 0;
  for (std::size_t i = 1; i < window_.size(); ++i) busy += window_[i].cpu_busy;
  busy /= static_cast<double>(window_.size() - 1);

  const double part = full_of_pictures_.empty() ? 1 : kRoomAgain;
  const auto beyond = [part](double us, Duration limit) {
    return us > part * static_cast<double>(limit.count());
  };
  full_of_pictures_.clear();
  if (beyond(p95_us, limits_.encode_wait)) {
    full_of_pictures_ = fmt::format("pictures wait {:.0f} ms for an encoder", p95_us / 1e3);
  } else if (busy > part * limits_.cpu_busy && beyond(median_us, limits_.half_rate_wait)) {
    full_of_pictures_ = fmt::format(
        "its processors are {:.0f} % busy and screens get less than half their pictures",
        busy * 100);
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
