// EncoderPool: the codecs of one shard. A phone that draws is lent one and gives it back when it
// rests; the next phone of the same size gets it open and warm, because opening a codec takes
// longer (5–15 ms at 720×1280) than many a picture. Codecs are opened and closed by the encode
// thread.
//
//   lend() ─► idle codec of these settings ─┐
//        └──► a promise to open one ────────┴─► ThreadedEncoder ─► destroyed ─► idle ─► closed
//
// All codecs together are bounded by their memory, and the idle ones by a smaller bound: the oldest
// are closed, and whoever was idle for too long. A codec's memory is an estimate by its size
// (codec_bytes). Thread rule: the shard's; the counters from any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "engine/base/metrics.h"
#include "engine/encode/encode_thread.h"
#include "engine/encode/encoder.h"

namespace rp {

struct EncoderPoolOptions {
  std::span<const EncoderDriver> drivers;  // outlives the pool and its encoders
  std::string preferred = {};              // empty: the first that matches
  std::size_t max_bytes = std::size_t{1} << 30;
  std::size_t max_idle_bytes = std::size_t{64} << 20;
  Duration idle_life = std::chrono::seconds(20);
};

struct EncoderPoolCounters {
  Gauge lent;
  Gauge idle;
  Gauge bytes;     // of both
  Counter loans;   // ever
  Counter reused;  // of them, with a codec that was open already
  Counter refused;
  Counter opened;  // written by the encode thread
};

class EncoderPool {
 public:
  // `thread` must outlive the pool and all encoders; the pool may go before its encoders.
  EncoderPool(EncodeThread& thread, EncoderPoolOptions options);
  EncoderPool(const EncoderPool&) = delete;
  EncoderPool& operator=(const EncoderPool&) = delete;
  ~EncoderPool();

  // An encoder whose first picture is a key frame: a device's as long as one has an instance free,
  // which is not of this pool's memory, then a codec of the encode thread. Errors of
  // choose_encoder(), and kExhausted when the memory for codecs is lent out. That a codec cannot be
  // opened is told to `completion`.
  [[nodiscard]] Result<std::unique_ptr<Encoder>> lend(const EncoderSettings& settings,
                                                      Encoder::Completion completion);
  [[nodiscard]] const EncoderPoolCounters& counters() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared: a codec on loan comes back whenever its phone is done
};

// What a codec for pictures of `size` takes, about: libx264 and OpenH264 keep two or three pictures
// and tables for each macroblock (measured: 8–15 bytes a pixel).
[[nodiscard]] std::size_t codec_bytes(Size size);

}  // namespace rp
