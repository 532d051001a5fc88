// The rows of the table of encoders (drivers/encoders.cc) for what libavcodec reaches: VA-API and
// NVENC. Thread rule: match on any thread, create on the shard.
#pragma once

#include <memory>

#include "engine/encode/encoder.h"

namespace rp {

// kUnsupported: no such device, no library, or the device does not encode this, with the reason;
// kUnavailable: it failed within the last seconds.
[[nodiscard]] Status match_vaapi(const EncoderSettings& settings);
[[nodiscard]] Status match_nvenc(const EncoderSettings& settings);
// Quick: the codec is opened by the encoder's own thread, with the first picture.
[[nodiscard]] Result<std::unique_ptr<Encoder>> create_vaapi_encoder(EventLoop& loop,
                                                                    const EncoderSettings& settings,
                                                                    Encoder::Completion completion);
[[nodiscard]] Result<std::unique_ptr<Encoder>> create_nvenc_encoder(EventLoop& loop,
                                                                    const EncoderSettings& settings,
                                                                    Encoder::Completion completion);

}  // namespace rp
