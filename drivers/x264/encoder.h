// H.264 through libx264 (GPL-2.0-or-later; built when RP_X264 is on), tuned for a screen that must
// be seen at once: no lookahead, no B-frames, one reference, key frames only when asked for. Rate:
// constant quality held under a VBV, so that a still or easy picture costs few bits, and a hard one
// never takes longer than vbv_ms of the link. Thread rule: BlockingEncoder's.
#pragma once

#include <memory>

#include "engine/encode/encoder.h"

namespace rp {

[[nodiscard]] Status match_x264(const EncoderSettings& settings);
[[nodiscard]] Result<std::unique_ptr<BlockingEncoder>> create_x264_encoder(
    const EncoderSettings& settings);

}  // namespace rp
