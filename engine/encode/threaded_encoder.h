// ThreadedEncoder: makes an Encoder out of a codec that blocks, by running it on the shard's
// EncodeThread. At most kMaxInFlight pictures are with it: one in the codec, one waiting, so that
// the picture encoded next is never old. Thread rule: the shard's.
#pragma once

#include <memory>

#include "engine/encode/encode_thread.h"
#include "engine/encode/encoder.h"

namespace rp {

class ThreadedEncoder final : public Encoder {
 public:
  static constexpr int kMaxInFlight = 2;

  // `thread` must outlive the encoder. `name` is a constant.
  ThreadedEncoder(EncodeThread& thread, std::string_view name, const EncoderSettings& settings,
                  std::unique_ptr<BlockingEncoder> codec, Completion completion);
  ThreadedEncoder(const ThreadedEncoder&) = delete;
  ThreadedEncoder& operator=(const ThreadedEncoder&) = delete;
  // Pictures in flight are given up: their completions never come. Allowed inside a completion.
  ~ThreadedEncoder() override;

  [[nodiscard]] Status submit(EncodeRequest& request) override;
  void set_rate(EncoderRate rate) override;
  void recycle(AccessUnit unit) override;
  [[nodiscard]] int in_flight() const override;
  [[nodiscard]] std::string_view name() const override { return name_; }

 private:
  class Channel;

  EncodeThread& thread_;
  std::string_view name_;
  Size size_;
  EncoderRate wanted_rate_;  // for the next picture; zeros: as before
  std::shared_ptr<Channel> channel_;
};

}  // namespace rp
