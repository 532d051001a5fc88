// The product's encoders, in order of preference: hardware before software; V4L2 devices, x264
// (when built in: RP_X264), then OpenH264. The fake encoder (drivers/fake/encoder) is not in it: no
// browser can show what it makes. engine/encode/choose.h walks the table. Thread rule: a constant.
#pragma once

#include <span>
#include <string_view>

#include "engine/encode/encoder.h"

namespace rp {

[[nodiscard]] std::span<const EncoderDriver> encoder_drivers();

// The table to look an encoder up in that was asked for by name: the product's, or, for a name that
// begins with "model:", that one model of a hardware encoder (drivers/fake/modelled), which is thus
// never chosen unasked. Empty when there is no such model.
[[nodiscard]] std::span<const EncoderDriver> encoder_drivers_for(std::string_view name);

}  // namespace rp
