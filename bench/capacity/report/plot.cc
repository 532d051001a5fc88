#include "bench/capacity/report/plot.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace rp {
namespace {

//   0      kLeft                            kRight  kWidth
//   |        |                                 |       |   labels of series right of kRight
constexpr double kWidth = 460;
constexpr double kHeight = 280;
constexpr double kLeft = 58;
constexpr double kRight = 376;
constexpr double kTop = 16;
constexpr double kBottom = 236;
constexpr int kTicks = 6;
constexpr double kLabelGap = 15;  // of two labels at the right, so that they do not overlap

struct Scale {
  double x_top = 1;
  double y_top = 1;

  [[nodiscard]] double x(double value) const { return kLeft + value / x_top * (kRight - kLeft); }
  [[nodiscard]] double y(double value) const { return kBottom - value / y_top * (kBottom - kTop); }
};

double rounded_up(double top) {
  const double step = tick_step(top, kTicks);
  return std::max(step, std::ceil(top / step) * step);
}

Scale scale_of(const Plot& plot) {
  double x_top = plot.knee.value_or(0);
  double y_top = plot.limit.value_or(0);
  for (const PlotSeries& series : plot.series) {
    for (const PlotPoint& point : series.points) {
      x_top = std::max(x_top, point.x);
      y_top = std::max(y_top, point.y);
    }
  }
  return {rounded_up(x_top), rounded_up(y_top)};
}

std::string line(const char* style, double x1, double y1, double x2, double y2) {
  return fmt::format(R"(<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", style,
                     x1, y1, x2, y2);
}

std::string text(double x, double y, const char* anchor, const std::string& words) {
  return fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>)", x, y, anchor,
                     html_escaped(words));
}

std::string axes(const Plot& plot, const Scale& scale) {
  std::string out;
  const double x_step = tick_step(scale.x_top, kTicks);
  for (double x = 0; x <= scale.x_top * 1.0001; x += x_step) {
    out += text(scale.x(x), kBottom + 16, "middle", fmt::format("{:g}", x));
  }
  const double y_step = tick_step(scale.y_top, kTicks);
  for (double y = 0; y <= scale.y_top * 1.0001; y += y_step) {
    out += line("grid", kLeft, scale.y(y), kRight, scale.y(y));
    out += text(kLeft - 6, scale.y(y) + 4, "end", fmt::format("{:g}", y));
  }
  out += line("axis", kLeft, kBottom, kRight, kBottom);
  out += text((kLeft + kRight) / 2, kHeight - 8, "middle", plot.x_label);
  out += fmt::format(R"svg(<text transform="translate(13 {:.1f}) rotate(-90)" )svg"
                     R"svg(text-anchor="middle">{}</text>)svg",
                     (kTop + kBottom) / 2, html_escaped(plot.y_label));
  return out;
}

std::string marks(const Plot& plot, const Scale& scale) {
  std::string out;
  if (plot.limit) {
    out += line("limit", kLeft, scale.y(*plot.limit), kRight, scale.y(*plot.limit));
    out += text(kLeft + 4, scale.y(*plot.limit) - 4, "start", "limit");
  }
  if (plot.knee) {
    out += line("knee", scale.x(*plot.knee), kTop, scale.x(*plot.knee), kBottom);
    out += text(scale.x(*plot.knee) - 4, kTop + 10, "end", "knee");
  }
  return out;
}

std::string curve(const PlotSeries& series, std::size_t index, const Scale& scale) {
  std::vector<PlotPoint> points = series.points;
  std::ranges::stable_sort(points, {}, &PlotPoint::x);
  std::string path;
  std::string dots;
  for (const PlotPoint& point : points) {
    path +=
        fmt::format("{}{:.1f},{:.1f}", path.empty() ? "" : " ", scale.x(point.x), scale.y(point.y));
    dots += fmt::format(R"(<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="3.5"/>)",
                        point.hollow ? "hollow" : "full", scale.x(point.x), scale.y(point.y));
  }
  return fmt::format(R"(<g class="s{}"><polyline points="{}"/>{}</g>)", index % 4, path, dots);
}

// A series' name beside its last point, moved down where another one is already.
std::string names(const Plot& plot, const Scale& scale) {
  struct Name {
    double y;
    std::size_t index;
  };
  std::vector<Name> all;
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const auto& points = plot.series[i].points;
    if (points.empty()) continue;
    const auto last = std::ranges::max_element(points, {}, &PlotPoint::x);
    all.push_back({scale.y(last->y), i});
  }
  std::ranges::stable_sort(all, {}, &Name::y);
  std::string out;
  double free_from = 0;
  for (const Name& name : all) {
    const double y = std::max(name.y + 4, free_from);
    free_from = y + kLabelGap;
    out += fmt::format(R"(<text class="name s{}" x="{:.1f}" y="{:.1f}">{}</text>)", name.index % 4,
                       kRight + 8, y, html_escaped(plot.series[name.index].label));
  }
  return out;
}

}  // namespace

double tick_step(double top, int most) {
  if (!(top > 0)) return 1;
  const double power = std::pow(10.0, std::floor(std::log10(top / most)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (top <= factor * power * most) return factor * power;
  }
  return 10 * power;
}

std::string html_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    }
  }
  return out;
}

std::string svg_of(const Plot& plot) {
  const bool empty = std::ranges::all_of(
      plot.series, [](const PlotSeries& series) { return series.points.empty(); });
  std::string out =
      fmt::format(R"(<svg role="img" viewBox="0 0 {} {}" aria-labelledby="{}-title {}-words">)"
                  R"(<title id="{}-title">{}</title><desc id="{}-words">{}</desc>)",
                  kWidth, kHeight, plot.id, plot.id, plot.id, html_escaped(plot.title), plot.id,
                  html_escaped(plot.description));
  if (empty) {
    out += text(kWidth / 2, kHeight / 2, "middle", "Not measured");
  } else {
    const Scale scale = scale_of(plot);
    out += axes(plot, scale) + marks(plot, scale);
    for (std::size_t i = 0; i < plot.series.size(); ++i) out += curve(plot.series[i], i, scale);
    out += names(plot, scale);
  }
  return out + "</svg>\n";
}

}  // namespace rp
