// An encoder that is a model of a device: each picture becomes a placeholder (placeholder.h) at the
// time the device would have had it ready (device.h), while the thread sleeps. For planning, never
// for people: `--encoder model:NAME` is the only way to it. Thread rule: as BlockingEncoder.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "drivers/fake/modelled/device.h"
#include "engine/encode/encoder.h"

namespace rp {

// Time as the encode thread sees it; tests give their own.
class ModelTime {
 public:
  virtual ~ModelTime() = default;
  [[nodiscard]] virtual TimePoint now() = 0;
  virtual void sleep_until(TimePoint time) = 0;
};

// A session on `device`; both must outlive it. kUnavailable when the device has no session left.
[[nodiscard]] Result<std::unique_ptr<BlockingEncoder>> create_modelled_encoder(
    const EncoderSettings& settings, ModelledDevice& device, ModelTime& time);

// A row for each model, in the order of encoder_models(). The devices behind them are one each in
// the process.
[[nodiscard]] std::span<const EncoderDriver> modelled_encoder_drivers();

}  // namespace rp
