// The product's encoders, in order of preference: hardware before software; V4L2 devices,
// VA-API and NVENC (RP_AVCODEC), x264 (RP_X264), then OpenH264. The fake encoder
// (drivers/fake/encoder) is not in it: no browser can show what it makes. engine/encode/choose.h
// walks the table. Thread rule: a constant.
#pragma once

#include <span>
#include <string_view>

#include "engine/encode/encoder.h"

namespace rp {

[[nodiscard]] std::span<const EncoderDriver> encoder_drivers();

// What to do on a machine to have the encoder of this name.
[[nodiscard]] std::string_view encoder_advice(std::string_view name);

// The table to look an encoder up in that was asked for by name: the product's, or, for a name that
// begins with "model:", that one model of a hardware encoder (drivers/fake/modelled), which is thus
// never chosen unasked. Empty when there is no such model.
[[nodiscard]] std::span<const EncoderDriver> encoder_drivers_for(std::string_view name);

}  // namespace rp
