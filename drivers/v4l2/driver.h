// The row of the table of encoders (drivers/encoders.cc) for V4L2 memory-to-memory devices: the
// encoders of most ARM systems on a chip. Thread rule: match on any thread, create on the shard.
#pragma once

#include <memory>

#include "engine/encode/encoder.h"

namespace rp {

// kUnsupported with what was found instead: no device, no codec, no such size.
[[nodiscard]] Status match_v4l2(const EncoderSettings& settings);
// kExhausted: every device that could serve has all its instances in use.
[[nodiscard]] Result<std::unique_ptr<Encoder>> create_v4l2_encoder(EventLoop& loop,
                                                                   const EncoderSettings& settings,
                                                                   Encoder::Completion completion);

}  // namespace rp
