// Choosing an encoder: walks a table of drivers (drivers/encoders.h has the product's) in order of
// preference. `preferred` names the only one to consider; empty: all. Errors of both functions:
// kInvalid for bad settings, kNotFound for a name that is not in the table, kUnsupported with every
// driver's reason when none serves. Thread rule: any thread.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

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

// The name of the first driver of a codec that blocks which says it can serve; quick.
[[nodiscard]] Result<std::string_view> choose_encoder(std::span<const EncoderDriver> table,
                                                      std::string_view preferred,
                                                      const EncoderSettings& settings);

// An open codec and the driver it is of.
struct OpenCodec {
  std::string_view driver;
  std::unique_ptr<BlockingEncoder> encoder;
};
// The first driver of such a codec that matches and opens. Takes milliseconds: for the encode
// thread.
[[nodiscard]] Result<OpenCodec> open_codec(std::span<const EncoderDriver> table,
                                           std::string_view preferred,
                                           const EncoderSettings& settings);

// An encoder of the first device that matches and has an instance free; quick. kUnsupported when
// there is none, which is no fault: the codecs that block come next.
[[nodiscard]] Result<std::unique_ptr<Encoder>> open_device(std::span<const EncoderDriver> table,
                                                           std::string_view preferred,
                                                           const EncoderSettings& settings,
                                                           EventLoop& loop,
                                                           const Encoder::Completion& completion);

}  // namespace rp
