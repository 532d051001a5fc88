// H.264 through OpenH264 (BSD-2-Clause): constrained baseline, one reference, key frames only when
// asked for, never a skipped frame. Up to 36,864 macroblocks (4096×2304).
// Thread rule: BlockingEncoder's.
#pragma once

#include <memory>

#include "engine/encode/encoder.h"

namespace rp {

[[nodiscard]] Status match_openh264(const EncoderSettings& settings);
[[nodiscard]] Result<std::unique_ptr<BlockingEncoder>> create_openh264_encoder(
    const EncoderSettings& settings);

}  // namespace rp
