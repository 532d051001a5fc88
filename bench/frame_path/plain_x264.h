// libx264 as live streaming usually runs it: ultrafast, zerolatency, constant rate factor under its
// own VBV. What the engine's CPU a frame is compared with. Thread rule: as BlockingEncoder.
#pragma once

#include "engine/encode/encoder.h"

namespace rp {

[[nodiscard]] Result<std::unique_ptr<BlockingEncoder>> create_plain_x264(
    const EncoderSettings& settings);

}  // namespace rp
