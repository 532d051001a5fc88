// Goal: the page says what the report says, runs nothing, fetches nothing and is not broken by what
// a report's strings contain; plots are in proportion. Method: pages of sample reports are searched
// and their tags counted.
#include "bench/capacity/report/html.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/capacity/report/plot.h"
#include "tests/unit/bench/capacity/sample_report.h"

namespace rp {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

// The end of the tag that begins at `from`; a '>' in quotes does not end it.
std::size_t end_of_tag(const std::string& page, std::size_t from) {
  bool quoted = false;
  for (std::size_t i = from; i < page.size(); ++i) {
    if (page[i] == '"') quoted = !quoted;
    if (page[i] == '>' && !quoted) return i;
  }
  return std::string::npos;
}

// Every element that is opened is closed, in order.
void expect_well_formed(const std::string& page) {
  std::vector<std::string> open;
  const std::size_t begin = page.find("<html");
  for (auto at = begin; at != std::string::npos; at = page.find('<', at + 1)) {
    const std::size_t end = end_of_tag(page, at);
    ASSERT_NE(end, std::string::npos) << page.substr(at, 40);
    const bool closes = page[at + 1] == '/';
    const std::size_t name_at = at + (closes ? 2 : 1);
    const std::string name = page.substr(name_at, page.find_first_of(" />\n", name_at) - name_at);
    if (page[end - 1] == '/' || name == "meta") continue;
    if (!closes) {
      open.push_back(name);
      continue;
    }
    ASSERT_FALSE(open.empty()) << name;
    ASSERT_EQ(open.back(), name);
    open.pop_back();
  }
  EXPECT_TRUE(open.empty()) << open.back();
}

TEST(ReportPage, TellsKneeBindingAndWhatBroke) {
  const std::string page = to_html(sample_report());
  expect_well_formed(page);
  EXPECT_THAT(page, HasSubstr("The knee is at 200 phones"));
  EXPECT_THAT(page, HasSubstr("With 250 phones input to photon p95 was 130 ms, limit 100 ms."));
  EXPECT_THAT(page, HasSubstr("What binds: cpu (195 % of 200 % of CPU in use)."));
  EXPECT_THAT(page, HasSubstr("Example CPU @ 2 GHz, 2 cores"));
  EXPECT_THAT(page, Not(HasSubstr("stopped early")));
  EXPECT_THAT(page, Not(HasSubstr("Model")));
}

TEST(ReportPage, HasCaptionsScopesAndTextForPlots) {
  const std::string page = to_html(sample_report());
  EXPECT_EQ(count(page, "<caption>"), 3U);
  EXPECT_EQ(count(page, "<table>"), 3U);
  EXPECT_EQ(count(page, "scope=\"row\""), 3 * 4U);
  EXPECT_EQ(count(page, "<svg role=\"img\""), 3U);
  EXPECT_EQ(count(page, "<desc "), 3U);
  EXPECT_THAT(page, HasSubstr("p95 goes from 35.0 ms with 50 phones to 55.0 ms with 250."));
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(page, HasSubstr("width=device-width"));
}

TEST(ReportPage, RunsAndFetchesNothing) {
  const std::string page = to_html(sample_report());
  for (const char* part : {"<script", "http://", "https://", "url(", "@import", "<img", "<link"}) {
    EXPECT_THAT(page, Not(HasSubstr(part)));
  }
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(ReportPage, EscapesEveryString) {
  const std::string evil = "<script>\"&'\n";
  CapacityReport report = sample_report();
  report.tool_version = report.time = report.command_line = evil;
  report.machine.cpu_model = report.machine.kernel = evil;
  report.workload.name = report.workload.phone_kind = evil;
  report.encoder = {"model:" + evil, true, evil};
  report.binding->why = evil;
  for (CapacityStep& step : report.steps) {
    step.stages[0].stage = evil;
    step.broken = BrokenBound{evil, 1, 2};
  }
  const std::string page = to_html(report);
  expect_well_formed(page);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;&quot;&amp;&#39; "));
}

TEST(ReportPage, AModelAndAnUnfinishedRunAreSaidFirst) {
  CapacityReport report = sample_report();
  report.encoder = {"model:rk3588", true, "an RK3588"};
  report.complete = false;
  const std::string page = to_html(report);
  EXPECT_LT(page.find("Model, not a measurement"), page.find("The knee"));
  EXPECT_LT(page.find("stopped early"), page.find("The knee"));
}

TEST(ReportPage, AnEmptyReportIsAPageToo) {
  CapacityReport report = sample_report();
  report.steps.clear();
  report.knee_phones.reset();
  report.binding.reset();
  const std::string page = to_html(report);
  expect_well_formed(page);
  EXPECT_THAT(page, HasSubstr("No step held"));
  EXPECT_EQ(count(page, "Not measured"), 3U);
}

TEST(ReportSummary, SaysSoWithoutAKnee) {
  CapacityReport report = sample_report();
  report.knee_phones.reset();
  report.binding.reset();
  report.steps.pop_back();
  EXPECT_EQ(summary_of(report),
            "No knee was found: every quality bound held with up to 200 phones.");
}

TEST(Plots, TicksAreRound) {
  EXPECT_EQ(tick_step(100, 6), 20);
  EXPECT_EQ(tick_step(6, 6), 1);
  EXPECT_EQ(tick_step(7, 6), 2);
  EXPECT_EQ(tick_step(0.05, 6), 0.01);
  EXPECT_EQ(tick_step(0, 6), 1);
  EXPECT_EQ(tick_step(std::numeric_limits<double>::quiet_NaN(), 6), 1);
}

TEST(Plots, PointsLieInProportion) {
  Plot plot{.id = "p",
            .title = "t",
            .description = "d",
            .x_label = "x",
            .y_label = "y",
            .series = {{"a", {{100, 50, true}, {0, 0}}}},
            .limit = {},
            .knee = {}};
  const std::string svg = svg_of(plot);
  // Sorted by x; the origin is left below, the largest x and y right above.
  EXPECT_THAT(svg, HasSubstr("points=\"58.0,236.0 376.0,16.0\""));
  EXPECT_EQ(count(svg, "class=\"hollow\""), 1U);
  EXPECT_EQ(count(svg, "class=\"full\""), 1U);
}

}  // namespace
}  // namespace rp
