// Line plots as inline SVG, drawn by us so that a page of a report needs no script and no network.
// Colours come from the page's CSS (classes s0, s1, …); series differ by dash and by a label at
// their end too, not by colour alone. Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rp {

struct PlotPoint {
  double x = 0;
  double y = 0;
  bool hollow = false;  // drawn as a ring: a bound broke here
};

struct PlotSeries {
  std::string label;
  std::vector<PlotPoint> points;  // in any order
};

struct Plot {
  std::string id;           // unique in the page, [a-z0-9-]
  std::string title;        // read out in the plot's place, with `description`
  std::string description;  // what the plot shows, in a sentence
  std::string x_label;
  std::string y_label;
  std::vector<PlotSeries> series;  // at most four are told apart
  std::optional<double> limit;     // a horizontal line
  std::optional<double> knee;      // a vertical line
};

// One <svg> element; text is escaped. Without points it says so.
[[nodiscard]] std::string svg_of(const Plot& plot);

// A step of 1, 2 or 5 times a power of ten that cuts 0 to `top` into at most `most` parts.
[[nodiscard]] double tick_step(double top, int most);

// For element content and quoted attributes; control characters become spaces.
[[nodiscard]] std::string html_escaped(const std::string& text);

}  // namespace rp
