#include "bench/capacity/run/metrics_text.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace rp {

double sum_of_metric(std::string_view text, std::string_view name) {
  double sum = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with(name) || line.size() <= name.size()) continue;
    // "name value" or "name{label="…"} value"; a longer name goes on with another letter.
    if (line[name.size()] != ' ' && line[name.size()] != '{') continue;
    const std::size_t space = line.rfind(' ');
    sum += std::strtod(std::string(line.substr(space + 1)).c_str(), nullptr);
  }
  return sum;
}

}  // namespace rp
