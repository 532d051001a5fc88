// Choosing an encoder: walks a table of drivers (drivers/encoders.h has the product's) in order of
// preference. Thread rule: the shard's; listing from any thread.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/encode/encode_thread.h"
#include "engine/encode/encoder.h"

namespace rp {

// One row of the table and whether it could serve: what `rackphone doctor` and GET /v1/health
// print.
struct EncoderMatch {
  std::string_view name;
  Status status;        // success, or why not
  bool chosen = false;  // the first that matches
};
[[nodiscard]] std::vector<EncoderMatch> match_encoders(std::span<const EncoderDriver> table,
                                                       const EncoderSettings& settings);

// The first driver that matches and opens, on `thread`. `preferred` names the only one to consider;
// empty: all. kInvalid for bad settings, kNotFound for a name that is not in the table,
// kUnsupported with every driver's reason when none serves.
[[nodiscard]] Result<std::unique_ptr<Encoder>> create_encoder(std::span<const EncoderDriver> table,
                                                              std::string_view preferred,
                                                              EncodeThread& thread,
                                                              const EncoderSettings& settings,
                                                              Encoder::Completion completion);

}  // namespace rp
