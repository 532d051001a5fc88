#include "tools/cli/percent.h"

#include <charconv>

#include <fmt/format.h>

namespace rp {

Result<double> parse_percent(std::string_view text, std::string_view what, double max) {
  std::string_view number = text;
  if (number.ends_with('%')) number.remove_suffix(1);
  while (number.ends_with(' ')) number.remove_suffix(1);
  double value = -1;
  const auto [end, error] = std::from_chars(number.begin(), number.end(), value);
  if (error == std::errc() && end == number.end() && value >= 0 && value <= max) return value;
  return fail(ErrorCode::kInvalid, fmt::format("{} must be 0 % to {} %", what, max));
}

}  // namespace rp
