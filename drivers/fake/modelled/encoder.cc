#include "drivers/fake/modelled/encoder.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "drivers/fake/modelled/placeholder.h"
#include "engine/encode/settings.h"

namespace rp {
namespace {

class ModelledEncoder final : public BlockingEncoder {
 public:
  ModelledEncoder(const EncoderSettings& s, ModelledDevice& device, ModelTime& time)
      : device_(device),
        time_(time),
        stream_(s.size, h264_level(s.size, s.framerate, s.bitrate_kbps)) {}
  ModelledEncoder(const ModelledEncoder&) = delete;
  ModelledEncoder& operator=(const ModelledEncoder&) = delete;
  ~ModelledEncoder() override { device_.close_session(); }

  [[nodiscard]] Status encode(const Picture&, bool force_key, AccessUnit& out) override {
    // A device takes a picture when it is handed over; that this thread was asleep for another
    // session's picture meanwhile is no time lost on it.
    const TimePoint now = time_.now();
    const TimePoint composed = out.stamps.composed;
    const TimePoint ready = composed.us > 0 && composed < now ? composed : now;
    const TimePoint done = device_.queue(ready, stream_.macroblocks());
    out.key = force_key || !begun_;
    begun_ = true;
    stream_.append(out.key, out.bytes);
    if (done > now) time_.sleep_until(done);
    return {};
  }

  // Placeholders have the size they have.
  [[nodiscard]] Status set_rate(EncoderRate) override { return {}; }

 private:
  ModelledDevice& device_;
  ModelTime& time_;
  PlaceholderStream stream_;
  bool begun_ = false;
};

class SystemTime final : public ModelTime {
 public:
  [[nodiscard]] TimePoint now() override { return clock_.now(); }
  void sleep_until(TimePoint time) override {
    const timespec at = {time.us / 1'000'000, time.us % 1'000'000 * 1000};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
    }
  }

 private:
  SystemClock clock_;
};

template <std::size_t I>
Result<std::unique_ptr<BlockingEncoder>> create_on_own_device(const EncoderSettings& settings) {
  // The one device of this kind in the machine that is modelled.
  static ModelledDevice device(encoder_models()[I]);
  static SystemTime time;
  return create_modelled_encoder(settings, device, time);
}

constexpr std::size_t kModelCount = 11;

template <std::size_t... I>
std::array<EncoderDriver, kModelCount> make_rows(std::index_sequence<I...>) {
  return {EncoderDriver{encoder_models()[I].name, check_settings, create_on_own_device<I>}...};
}

}  // namespace

Result<std::unique_ptr<BlockingEncoder>> create_modelled_encoder(const EncoderSettings& settings,
                                                                 ModelledDevice& device,
                                                                 ModelTime& time) {
  RP_TRY(check_settings(settings));
  RP_TRY(device.open_session());
  return std::make_unique<ModelledEncoder>(settings, device, time);
}

std::span<const EncoderDriver> modelled_encoder_drivers() {
  RP_CHECK(encoder_models().size() == kModelCount);
  static const auto rows = make_rows(std::make_index_sequence<kModelCount>{});
  return rows;
}

}  // namespace rp
