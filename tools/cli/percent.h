// Percentages on the command line: "10%", "10 %" or "10". Thread rule: plain functions.
#pragma once

#include <string_view>

#include "engine/base/result.h"

namespace rp {

// kInvalid naming `what` ("--tolerance") unless the number is 0 to `max`.
[[nodiscard]] Result<double> parse_percent(std::string_view text, std::string_view what,
                                           double max);

}  // namespace rp
