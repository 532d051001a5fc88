// FallbackComposer: a device's composer with the CPU composer behind it. What the device cannot
// compose, or not now (it is lost, it hangs, the picture lies where it cannot write), the CPU
// composer does, picture by picture; a device that keeps failing is given up and made anew after a
// while.
//
// What is advertised follows the device: while there is one, what it takes, and after that LINEAR,
// which both take. Without it, LINEAR alone. A guest's buffer with a modifier of the device's that
// is there when the device falls away can be drawn by nobody: it is left out (counted and logged,
// CpuComposer::device_layers), until the guest has heard of the new set and allocated anew or the
// device is back. Wrong pixels are never drawn. Thread rule: the shard's.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/metrics.h"
#include "engine/compose/cpu_composer.h"

namespace rp {

class FallbackComposer final : public Composer {
 public:
  using Make = std::function<Result<std::unique_ptr<Composer>>()>;
  // Failing for so long in a row, the device's composer is given up.
  static constexpr Duration kGiveUp = std::chrono::seconds(2);
  // Between two attempts to make one.
  static constexpr Duration kRetry = std::chrono::seconds(10);

  // Makes the device's composer at once; without one it starts on the CPU. `clock` outlives it.
  FallbackComposer(const Clock& clock, Make make);
  FallbackComposer(const FallbackComposer&) = delete;
  FallbackComposer& operator=(const FallbackComposer&) = delete;

  [[nodiscard]] const SharedSourceFormats& source_formats() const override { return formats_; }
  [[nodiscard]] Status compose(const Scene& scene, Picture& picture) override;
  [[nodiscard]] Status render(const Scene& scene, Rect area, std::span<std::uint32_t> out) override;
  [[nodiscard]] Status scan(const Scene& scene, Rect area, const Row& row) override;
  void begin_batch() override;
  [[nodiscard]] Status end_batch() override;

  // Counts what each composes in the registry, which must outlive it.
  void publish(Registry& registry, int shard);

  [[nodiscard]] bool on_device() const override { return device_ != nullptr; }
  // Pictures composed by each.
  [[nodiscard]] const Counter& by_device() const { return by_device_; }
  [[nodiscard]] const Counter& by_cpu() const { return by_cpu_; }
  [[nodiscard]] const Counter& layers_left_out() const { return cpu_.device_layers(); }

 private:
  void make_device(TimePoint now);
  void learn_formats();
  void note_failure(const Error& error, TimePoint now);

  const Clock& clock_;
  Make make_;
  std::unique_ptr<Composer> device_;
  CpuComposer cpu_;
  SharedSourceFormats formats_;
  // What is unnamed is no longer taken for linear once a device that tiles has been seen.
  bool tiles_ = false;
  TimePoint retry_at_;
  TimePoint failing_since_;  // 0: it works
  bool batching_ = false;
  Counter by_device_;
  Counter by_cpu_;
  std::vector<Registry::Handle> handles_;
};

}  // namespace rp
