// A capacity report as one HTML page: no script, nothing fetched, every string escaped, readable by
// screen readers, on a phone, light or dark. Thread rule: pure functions.
#pragma once

#include <string>

#include "bench/capacity/report/report.h"

namespace rp {

[[nodiscard]] std::string to_html(const CapacityReport& report);

// The report's outcome in two or three sentences, for the page and for the terminal.
[[nodiscard]] std::string summary_of(const CapacityReport& report);

}  // namespace rp
