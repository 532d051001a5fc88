#include "engine/encode/encoder_pool.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "engine/encode/choose.h"
#include "engine/encode/threaded_encoder.h"

namespace rp {
namespace {

// Whether a codec opened with `a` serves `b`: all that cannot change while it runs. The frame rate
// is part of it, because the level it was opened with may not have room for another.
bool same_codec(const EncoderSettings& a, const EncoderSettings& b) {
  return a.codec == b.codec && a.size == b.size && a.framerate == b.framerate &&
         a.vbv_ms == b.vbv_ms && a.quality_first == b.quality_first;
}

// Carries a codec to the encode thread to be closed there.
class Closing final : public EncodeChannel {
 public:
  static void start(EncodeThread& thread, OpenCodec codec) {
    const auto closing = std::make_shared<Closing>();
    closing->codec_ = std::move(codec);
    thread.submit_chore(*closing, closing->job_);
  }
  void work(EncodeJob&) override { codec_.encoder.reset(); }
  void finished(EncodeJob&) override {}

 private:
  OpenCodec codec_;
  EncodeJob job_;
};

}  // namespace

std::size_t codec_bytes(Size size) {
  const auto pixels = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  return (std::size_t{1} << 20) + pixels * 11;
}

struct EncoderPool::State {
  struct Idle {
    EncoderSettings settings;
    OpenCodec codec;
    TimePoint since;
  };

  State(EncodeThread& t, EncoderPoolOptions o)
      : thread(t), options(std::move(o)), expiry(t.loop().timer([this] { close_expired(); })) {}

  void close_expired() {
    const TimePoint now = thread.clock().now();
    while (!idle.empty() && idle.front().since + options.idle_life <= now) close_oldest();
    if (!idle.empty()) expiry.arm_at(idle.front().since + options.idle_life);
    count();
  }

  void close_oldest() {
    idle_bytes -= codec_bytes(idle.front().settings.size);
    Closing::start(thread, std::move(idle.front().codec));
    idle.erase(idle.begin());
  }

  // The codec that became idle last, while its memory is still in a cache.
  [[nodiscard]] OpenCodec take_idle(const EncoderSettings& settings) {
    const auto found = std::find_if(idle.rbegin(), idle.rend(), [&](const Idle& one) {
      return same_codec(one.settings, settings);
    });
    if (found == idle.rend()) return {};
    OpenCodec codec = std::move(found->codec);
    idle_bytes -= codec_bytes(settings.size);
    idle.erase(std::next(found).base());
    return codec;
  }

  void give_back(const EncoderSettings& settings, OpenCodec codec, bool good) {
    lent_bytes -= codec_bytes(settings.size);
    --lent;
    if (codec.encoder != nullptr && good) {
      idle.push_back({settings, std::move(codec), thread.clock().now()});
      if (!expiry.armed()) expiry.arm_after(options.idle_life);
      idle_bytes += codec_bytes(settings.size);
      while (idle_bytes > options.max_idle_bytes) close_oldest();
    } else if (codec.encoder != nullptr) {
      Closing::start(thread, std::move(codec));
    }
    count();
  }

  void count() {
    counters->lent.set(static_cast<double>(lent));
    counters->idle.set(static_cast<double>(idle.size()));
    counters->bytes.set(static_cast<double>(lent_bytes + idle_bytes));
  }

  EncodeThread& thread;
  EncoderPoolOptions options;
  bool has_devices = std::ranges::any_of(
      options.drivers, [](const EncoderDriver& driver) { return driver.create_on != nullptr; });
  EventLoop::Timer expiry;  // of the oldest idle one; not armed while none is
  std::vector<Idle> idle;   // the oldest first
  std::size_t idle_bytes = 0;
  std::size_t lent = 0;
  std::size_t lent_bytes = 0;
  // Shared with the encode thread, which counts what it opens.
  std::shared_ptr<EncoderPoolCounters> counters = std::make_shared<EncoderPoolCounters>();
};

EncoderPool::EncoderPool(EncodeThread& thread, EncoderPoolOptions options)
    : state_(std::make_shared<State>(thread, std::move(options))) {}

EncoderPool::~EncoderPool() = default;

const EncoderPoolCounters& EncoderPool::counters() const { return *state_->counters; }

Result<std::unique_ptr<Encoder>> EncoderPool::lend(const EncoderSettings& settings,
                                                   Encoder::Completion completion) {
  State& state = *state_;
  std::optional<Error> no_device;
  if (state.has_devices) {
    auto device = open_device(state.options.drivers, state.options.preferred, settings,
                              state.thread.loop(), completion);
    if (device) {
      state.counters->loans.add();
      return device;
    }
    no_device = std::move(device).error();
  }
  const auto chosen = choose_encoder(state.options.drivers, state.options.preferred, settings);
  if (!chosen) {
    const bool asked_for_device = no_device && !state.options.preferred.empty();
    return forward(asked_for_device ? *no_device : chosen.error());
  }
  std::string_view name = *chosen;
  CodecLoan loan;
  loan.codec = state.take_idle(settings);
  if (loan.codec.encoder != nullptr) {
    name = loan.codec.driver;
    state.counters->reused.add();
  } else {
    const std::size_t bytes = codec_bytes(settings.size);
    const auto full = [&] {
      return state.lent_bytes + state.idle_bytes + bytes > state.options.max_bytes;
    };
    while (full() && !state.idle.empty()) state.close_oldest();
    if (full()) {
      state.counters->refused.add();
      state.count();
      return fail(ErrorCode::kExhausted, "all memory for encoders is in use (" +
                                             std::to_string(state.options.max_bytes >> 20) +
                                             " MiB a shard)");
    }
  }
  loan.open = [counters = state.counters, drivers = state.options.drivers,
               preferred = state.options.preferred, settings]() -> Result<OpenCodec> {
    counters->opened.add();
    return open_codec(drivers, preferred, settings);
  };
  loan.give_back = [lender = std::weak_ptr<State>(state_), settings](OpenCodec codec, bool good) {
    if (const auto pool = lender.lock()) pool->give_back(settings, std::move(codec), good);
  };
  ++state.lent;
  state.lent_bytes += codec_bytes(settings.size);
  state.counters->loans.add();
  state.count();
  return std::make_unique<ThreadedEncoder>(state.thread, name, settings, std::move(loan),
                                           std::move(completion));
}

}  // namespace rp
