// ThreadedEncoder: makes an Encoder out of a codec that blocks, by running it on the shard's
// EncodeThread. The codec is lent by an EncoderPool: it may be open already, having served another
// phone, or is opened by the encode thread when the first picture comes. Either way the first
// picture is a key frame.
//
// At most kMaxInFlight pictures are with it: one in the codec, one waiting, so that the picture
// encoded next is never old. Thread rule: the shard's.
#pragma once

#include <functional>
#include <memory>

#include "engine/encode/choose.h"
#include "engine/encode/encode_thread.h"
#include "engine/encode/encoder.h"

namespace rp {

// Where the codec comes from and where it goes.
struct CodecLoan {
  OpenCodec codec;                          // without an encoder: open() is called
  std::function<Result<OpenCodec>()> open;  // on the encode thread
  // On the shard, when the last picture in flight is done: the codec, or none if it was never
  // opened. `good`: it did not fail on its last picture.
  std::function<void(OpenCodec codec, bool good)> give_back;
};

class ThreadedEncoder final : public Encoder {
 public:
  static constexpr int kMaxInFlight = 2;

  // `thread` must outlive the encoder. `name` is the driver expected to serve.
  ThreadedEncoder(EncodeThread& thread, std::string_view name, const EncoderSettings& settings,
                  CodecLoan loan, Completion completion);
  ThreadedEncoder(const ThreadedEncoder&) = delete;
  ThreadedEncoder& operator=(const ThreadedEncoder&) = delete;
  // Pictures in flight are given up: their completions never come. Allowed inside a completion.
  ~ThreadedEncoder() override;

  [[nodiscard]] Status submit(EncodeRequest& request) override;
  [[nodiscard]] bool ask_turn(std::uint32_t input_sequence) override;
  void set_on_turn(std::function<void()> on_turn) override;
  void set_rate(EncoderRate rate) override;
  void recycle(AccessUnit unit) override;
  [[nodiscard]] int in_flight() const override;
  [[nodiscard]] std::string_view name() const override;

 private:
  class Channel;

  EncodeThread& thread_;
  Size size_;
  EncoderRate wanted_rate_;           // for the next picture; zeros: as before
  std::uint32_t answered_input_ = 0;  // newest input a picture has answered
  std::shared_ptr<Channel> channel_;
};

}  // namespace rp
