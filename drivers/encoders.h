// The product's encoders, in order of preference: x264 (when built in: RP_X264), then OpenH264. The
// fake encoder (drivers/fake/encoder) is not in it: no browser can show what it makes.
// engine/encode/choose.h walks the table. Thread rule: a constant.
#pragma once

#include <span>

#include "engine/encode/encoder.h"

namespace rp {

[[nodiscard]] std::span<const EncoderDriver> encoder_drivers();

}  // namespace rp
