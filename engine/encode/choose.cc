#include "engine/encode/choose.h"

#include <string>

#include "engine/encode/settings.h"

namespace rp {
namespace {

// The first row on which `use`, asked after its match(), succeeds.
template <typename Value, typename Use>
Result<Value> first_row(std::span<const EncoderDriver> table, std::string_view preferred,
                        const EncoderSettings& settings, Use use) {
  RP_TRY(check_bounds(settings));
  std::string reasons;
  bool known = preferred.empty();
  for (const EncoderDriver& driver : table) {
    if (!preferred.empty() && driver.name != preferred) continue;
    known = true;
    Status matched = driver.match(settings);
    if (matched) {
      Result<Value> value = use(driver);
      if (value) return value;
      matched = forward(std::move(value).error());
    }
    reasons += reasons.empty() ? ": " : "; ";
    reasons += std::string(driver.name) + ": " + matched.error().message();
  }
  if (!known) return fail(ErrorCode::kNotFound, "encoder " + std::string(preferred));
  return fail(ErrorCode::kUnsupported, "no encoder serves" + reasons);
}

Error only_device() { return {ErrorCode::kExhausted, 0, "all its instances are in use"}; }

}  // namespace

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

Result<std::string_view> choose_encoder(std::span<const EncoderDriver> table,
                                        std::string_view preferred,
                                        const EncoderSettings& settings) {
  return first_row<std::string_view>(table, preferred, settings,
                                     [](const EncoderDriver& driver) -> Result<std::string_view> {
                                       if (driver.create == nullptr) return forward(only_device());
                                       return driver.name;
                                     });
}

Result<OpenCodec> open_codec(std::span<const EncoderDriver> table, std::string_view preferred,
                             const EncoderSettings& settings) {
  return first_row<OpenCodec>(table, preferred, settings,
                              [&](const EncoderDriver& driver) -> Result<OpenCodec> {
                                if (driver.create == nullptr) return forward(only_device());
                                RP_ASSIGN(auto encoder, driver.create(settings));
                                return OpenCodec{driver.name, std::move(encoder)};
                              });
}

Result<std::unique_ptr<Encoder>> open_device(std::span<const EncoderDriver> table,
                                             std::string_view preferred,
                                             const EncoderSettings& settings, EventLoop& loop,
                                             const Encoder::Completion& completion) {
  using Opened = std::unique_ptr<Encoder>;
  return first_row<Opened>(table, preferred, settings,
                           [&](const EncoderDriver& driver) -> Result<Opened> {
                             if (driver.create_on == nullptr)
                               return fail(ErrorCode::kUnsupported, "it is no device");
                             return driver.create_on(loop, settings, completion);
                           });
}

}  // namespace rp
