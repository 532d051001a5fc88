// The codecs of libavcodec that run on any machine, through the code that serves GPUs
// (drivers/avcodec): libx264 behind every way in and out but a device's own. None where the driver
// is not built in (RP_AVCODEC) or libavcodec is built without libx264. Thread rule: plain function.
#pragma once

#include <vector>

#include "tests/contract/encoder/rig.h"

namespace rp {

[[nodiscard]] std::vector<EncoderCase> avcodec_cases();

}  // namespace rp
