#include "engine/base/metrics.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace rp {
namespace {

std::string_view type_name(bool counter, bool histogram) {
  return counter ? "counter" : histogram ? "histogram" : "gauge";
}

// {a="b",c="d"}; values escaped as the exposition format says (backslash, quote, line feed).
std::string label_text(const Labels& labels, std::string_view extra = {}) {
  std::string out;
  for (const auto& [key, value] : labels) {
    out += out.empty() ? "{" : ",";
    out += key + "=\"";
    for (const char c : value) {
      if (c == '\\' || c == '"') out += '\\';
      c == '\n' ? out += "\\n" : out += c;
    }
    out += '"';
  }
  if (!extra.empty()) {
    out += out.empty() ? "{" : ",";
    out += extra;
  }
  return out.empty() ? out : out + "}";
}

}  // namespace

void LatencyHistogram::observe(std::int64_t us) {
  const std::int64_t value = std::max<std::int64_t>(us, 0);
  const auto bucket = static_cast<std::size_t>(
      std::lower_bound(kUpperBounds_us.begin(), kUpperBounds_us.end(), value) -
      kUpperBounds_us.begin());
  const auto bump = [](std::atomic<std::uint64_t>& cell, std::uint64_t by) {
    cell.store(cell.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  };
  bump(buckets_[bucket], 1);
  bump(sum_us_, static_cast<std::uint64_t>(value));
  bump(count_, 1);
}

LatencyHistogram::Counts LatencyHistogram::counts() const {
  Counts counts;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = buckets_[i].load(std::memory_order_relaxed);
  }
  return counts;
}

double LatencyHistogram::quantile_us(double q, const Counts& counts) {
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts) total += count;
  if (total == 0) return 0;
  const double rank = q * static_cast<double>(total);
  double seen = 0;
  for (std::size_t i = 0; i < kUpperBounds_us.size(); ++i) {
    const auto here = static_cast<double>(counts[i]);
    if (here > 0 && seen + here >= rank) {
      const double low = i == 0 ? 0 : kUpperBounds_us[i - 1];
      return low + (kUpperBounds_us[i] - low) * std::max(rank - seen, 0.0) / here;
    }
    seen += here;
  }
  return kUpperBounds_us.back();
}

Registry::Handle Registry::insert(Entry entry) {
  const std::lock_guard lock(mutex_);
  Handle handle;
  handle.registry_ = this;
  handle.id_ = next_id_++;
  entries_.emplace(handle.id_, std::move(entry));
  return handle;
}

Registry::Handle Registry::add(std::string name, std::string help, Labels labels,
                               const Counter& metric) {
  return insert(
      {std::move(name), std::move(help), std::move(labels), &metric, nullptr, nullptr, {}});
}

Registry::Handle Registry::add(std::string name, std::string help, Labels labels,
                               const Gauge& metric) {
  return insert(
      {std::move(name), std::move(help), std::move(labels), nullptr, &metric, nullptr, {}});
}

Registry::Handle Registry::add(std::string name, std::string help, Labels labels,
                               const LatencyHistogram& metric) {
  return insert(
      {std::move(name), std::move(help), std::move(labels), nullptr, nullptr, &metric, {}});
}

Registry::Handle Registry::add(std::string name, std::string help, Labels labels,
                               std::function<double()> read) {
  return insert({std::move(name), std::move(help), std::move(labels), nullptr, nullptr, nullptr,
                 std::move(read)});
}

void Registry::render_histogram(std::string& out, const Entry& entry) {
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i <= LatencyHistogram::kUpperBounds_us.size(); ++i) {
    seen += entry.histogram->buckets_[i].load(std::memory_order_relaxed);
    const std::string bound = i < LatencyHistogram::kUpperBounds_us.size()
                                  ? fmt::format("{:g}", LatencyHistogram::kUpperBounds_us[i] / 1e6)
                                  : "+Inf";
    out += fmt::format("{}_bucket{} {}\n", entry.name,
                       label_text(entry.labels, "le=\"" + bound + "\""), seen);
  }
  const double sum = static_cast<double>(entry.histogram->sum_us_.load(std::memory_order_relaxed));
  out += fmt::format("{}_sum{} {:.6f}\n", entry.name, label_text(entry.labels), sum / 1e6);
  out += fmt::format("{}_count{} {}\n", entry.name, label_text(entry.labels), seen);
}

void Registry::render_entry(std::string& out, const Entry& entry) {
  if (entry.histogram != nullptr) {
    render_histogram(out, entry);
  } else if (entry.counter != nullptr) {
    out += fmt::format("{}{} {}\n", entry.name, label_text(entry.labels), entry.counter->value());
  } else {
    const double value = entry.gauge != nullptr ? entry.gauge->value() : entry.read();
    out += fmt::format("{}{} {:g}\n", entry.name, label_text(entry.labels), value);
  }
}

std::string Registry::render() const {
  const std::lock_guard lock(mutex_);
  // Equal keys stay in the order of insertion, which is that of registration.
  std::multimap<std::string_view, const Entry*> sorted;
  for (const auto& [id, entry] : entries_) sorted.emplace(entry.name, &entry);
  std::string out;
  std::string_view last;
  for (const auto& [name, entry] : sorted) {
    if (entry->name != last) {
      out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", entry->name, entry->help, entry->name,
                         type_name(entry->counter != nullptr, entry->histogram != nullptr));
      last = entry->name;
    }
    render_entry(out, *entry);
  }
  return out;
}

Registry::Handle::Handle(Handle&& other) noexcept
    : registry_(std::exchange(other.registry_, nullptr)), id_(other.id_) {}

Registry::Handle& Registry::Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    Handle dropped(std::move(*this));
    registry_ = std::exchange(other.registry_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

Registry::Handle::~Handle() {
  if (registry_ == nullptr) return;
  const std::lock_guard lock(registry_->mutex_);
  registry_->entries_.erase(id_);
}

}  // namespace rp
