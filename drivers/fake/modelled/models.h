// Hardware encoders as a planner sees them: how many macroblocks a second one encodes, how long a
// picture stays in it beyond that, how many sessions it serves. Every row is made of published
// figures, cited in models.cc; nothing here was measured by us. Thread rule: constants.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/clock.h"

namespace rp {

struct EncoderModel {
  std::string_view name;   // "model:rk3588"; always begins with "model:", so that nobody takes it
                           // for the device
  std::string_view label;  // the device and the kind of figure, for people
  std::uint64_t macroblocks_per_s = 0;  // of all sessions together; a macroblock is 16×16 pixels
  Duration latency{0};  // of a picture beyond its share of the throughput; 0: none published
  int sessions = 0;     // at a time; 0: no limit published, throughput is the only one
};

[[nodiscard]] std::span<const EncoderModel> encoder_models();

// Null when there is no model of that name.
[[nodiscard]] const EncoderModel* find_encoder_model(std::string_view name);

}  // namespace rp
