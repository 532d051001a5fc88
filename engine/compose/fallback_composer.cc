#include "engine/compose/fallback_composer.h"

#include <string>
#include <utility>

#include "engine/base/log.h"

namespace rp {
namespace {

// The device has done its part: what is wrong is in the scene.
bool is_final(const Status& status) { return status || status.error().code == ErrorCode::kInvalid; }

}  // namespace

FallbackComposer::FallbackComposer(const Clock& clock, Make make)
    : clock_(clock), make_(std::move(make)) {
  make_device(clock_.now());
}

void FallbackComposer::publish(Registry& registry, int shard) {
  const auto add = [&](const char* composer, const Counter& counter) {
    handles_.push_back(registry.add("rackphone_composed_total", "Pictures composed, by what.",
                                    {{"shard", std::to_string(shard)}, {"composer", composer}},
                                    counter));
  };
  add("device", by_device_);
  add("cpu", by_cpu_);
  handles_.push_back(registry.add("rackphone_layers_left_out_total",
                                  "Layers only a device could read, while there was none.",
                                  {{"shard", std::to_string(shard)}}, cpu_.device_layers()));
}

void FallbackComposer::make_device(TimePoint now) {
  retry_at_ = now + kRetry;
  failing_since_ = {};
  Result<std::unique_ptr<Composer>> made = make_();
  if (!made) {
    log_limited(LogLevel::kWarning, "composer.no_device", {{"error", made.error()}});
    if (formats_ == nullptr) learn_formats();
    return;
  }
  device_ = std::move(*made);
  learn_formats();
  if (batching_) device_->begin_batch();
}

// The device's tranches, less what nobody names, and then what the CPU reads of the rest.
void FallbackComposer::learn_formats() {
  auto formats = std::make_shared<SourceFormats>();
  if (device_ != nullptr) {
    *formats = *device_->source_formats();
    tiles_ |= formats->main_device != 0;
  }
  SourceTranche linear = linear_tranche(tiles_ ? Implicit::kIsRefused : Implicit::kIsLinear);
  std::erase_if(linear.formats, [&](const SourceFormat& format) {
    return formats->find(format.code, format.modifier) != nullptr;
  });
  if (!linear.formats.empty()) formats->tranches.push_back(std::move(linear));
  formats_ = std::move(formats);
}

Status FallbackComposer::compose(const Scene& scene, Picture& picture) {
  const TimePoint now = clock_.now();
  if (device_ == nullptr && now >= retry_at_) make_device(now);
  if (device_ != nullptr) {
    Status status = device_->compose(scene, picture);
    if (is_final(status)) {
      failing_since_ = {};
      by_device_.add();
      return status;
    }
    note_failure(status.error(), now);
  }
  by_cpu_.add();
  return cpu_.compose(scene, picture);
}

// A scene the device cannot take says nothing about the device.
void FallbackComposer::note_failure(const Error& error, TimePoint now) {
  log_limited(LogLevel::kWarning, "composer.device_failed", {{"error", error}});
  if (error.code == ErrorCode::kUnsupported || error.code == ErrorCode::kExhausted) return;
  if (failing_since_.us == 0) failing_since_ = now;
  if (now - failing_since_ < kGiveUp) return;
  device_.reset();
  learn_formats();
  retry_at_ = now + kRetry;
  failing_since_ = {};
}

Status FallbackComposer::render(const Scene& scene, Rect area, std::span<std::uint32_t> out) {
  return cpu_.render(scene, area, out);
}

Status FallbackComposer::scan(const Scene& scene, Rect area, const Row& row) {
  return cpu_.scan(scene, area, row);
}

void FallbackComposer::begin_batch() {
  batching_ = true;
  if (device_ != nullptr) device_->begin_batch();
}

Status FallbackComposer::end_batch() {
  batching_ = false;
  if (device_ == nullptr) return {};
  Status status = device_->end_batch();
  if (!is_final(status)) note_failure(status.error(), clock_.now());
  return status;
}

}  // namespace rp
