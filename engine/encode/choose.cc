#include "engine/encode/choose.h"

#include <string>

#include "engine/encode/settings.h"
#include "engine/encode/threaded_encoder.h"

namespace rp {

std::vector<EncoderMatch> match_encoders(std::span<const EncoderDriver> table,
                                         const EncoderSettings& settings) {
  std::vector<EncoderMatch> rows;
  rows.reserve(table.size());
  bool chosen = false;
  for (const EncoderDriver& driver : table) {
    EncoderMatch row{driver.name, driver.match(settings), false};
    row.chosen = row.status.has_value() && !chosen;
    chosen = chosen || row.chosen;
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<std::unique_ptr<Encoder>> create_encoder(std::span<const EncoderDriver> table,
                                                std::string_view preferred, EncodeThread& thread,
                                                const EncoderSettings& settings,
                                                Encoder::Completion completion) {
  RP_TRY(check_settings(settings));
  std::string reasons;
  bool known = preferred.empty();
  for (const EncoderDriver& driver : table) {
    if (!preferred.empty() && driver.name != preferred) continue;
    known = true;
    Status matched = driver.match(settings);
    if (matched) {
      Result<std::unique_ptr<BlockingEncoder>> codec = driver.create(settings);
      if (codec) {
        return std::make_unique<ThreadedEncoder>(thread, driver.name, settings, std::move(*codec),
                                                 std::move(completion));
      }
      matched = forward(std::move(codec).error());
    }
    reasons += reasons.empty() ? ": " : "; ";
    reasons += std::string(driver.name) + ": " + matched.error().message();
  }
  if (!known) return fail(ErrorCode::kNotFound, "encoder " + std::string(preferred));
  return fail(ErrorCode::kUnsupported, "no encoder serves" + reasons);
}

}  // namespace rp
