// Reads what the harness needs of the engine's Prometheus text (exposition format 0.0.4). Thread
// rule: plain functions.
#pragma once

#include <string_view>

namespace rp {

// The sum of a metric's values over all its labels; 0 when it is not there.
[[nodiscard]] double sum_of_metric(std::string_view text, std::string_view name);

}  // namespace rp
