// `rackphone bench compare OLD.json NEW.json`: is the new capacity report worse than the old one?
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/capacity/report/compare.h"
#include "tools/cli/commands.h"
#include "tools/cli/percent.h"
#include "tools/cli/table.h"

namespace rp {
namespace {

using nlohmann::ordered_json;

struct CompareArguments {
  std::string before;
  std::string after;
  std::string tolerance = "10%";
};

std::string short_figure(double value) {
  return value >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

void print_json(std::ostream& out, const ReportComparison& comparison, double tolerance_percent) {
  ordered_json figures = ordered_json::array();
  for (const FigureChange& change : comparison.figures) {
    ordered_json row = {{"figure", change.figure}};
    if (change.phones > 0) row["phones"] = change.phones;
    row["old"] = change.before;
    row["new"] = change.after;
    if (const auto ratio = change.ratio()) row["ratio"] = *ratio;
    row["verdict"] = to_string(change.verdict);
    figures.push_back(std::move(row));
  }
  const ordered_json answer = {{"tolerance_percent", tolerance_percent},
                               {"regressed", comparison.regressed()},
                               {"notes", comparison.notes},
                               {"figures", std::move(figures)}};
  out << answer.dump(2, ' ', false, ordered_json::error_handler_t::replace) << "\n";
}

void print_text(CliContext& context, const ReportComparison& comparison, double tolerance_percent) {
  std::vector<TableRow> rows;
  int worse = 0;
  for (const FigureChange& change : comparison.figures) {
    const auto ratio = change.ratio();
    rows.push_back({change.phones > 0 ? std::to_string(change.phones) : "",
                    std::string(change.figure), short_figure(change.before),
                    short_figure(change.after), ratio ? fmt::format("{:.2f}", *ratio) : "",
                    std::string(to_string(change.verdict))});
    if (change.verdict == Verdict::kWorse) ++worse;
  }
  print_table(context.out, context.columns, {"PHONES", "FIGURE", "OLD", "NEW", "RATIO", "VERDICT"},
              rows);
  for (const std::string& note : comparison.notes) {
    context.out << "Note: " << printable(note) << ".\n";
  }
  context.out << fmt::format("{} of {} figures are worse by more than {:g} %.\n", worse,
                             rows.size(), tolerance_percent);
}

int compare(CliContext& context, const CompareArguments& arguments) {
  const auto bad = [&](const Error& error) {
    return report(context, {Exit::kUsage, printable(error.message())});
  };
  const auto tolerance = parse_percent(arguments.tolerance, "--tolerance", 1000);
  if (!tolerance) return bad(tolerance.error());
  const auto before = read_capacity_report(arguments.before);
  if (!before) return bad(before.error());
  const auto after = read_capacity_report(arguments.after);
  if (!after) return bad(after.error());
  const auto comparison = compare_reports(*before, *after, *tolerance);
  if (!comparison) return bad(comparison.error());
  if (context.json)
    print_json(context.out, *comparison, *tolerance);
  else
    print_text(context, *comparison, *tolerance);
  return static_cast<int>(comparison->regressed() ? Exit::kFailed : Exit::kOk);
}

}  // namespace

void add_bench_compare(CLI::App& bench, CliRun& run) {
  CLI::App* command =
      bench.add_subcommand("compare", "Compare two reports; fails when the new one is worse");
  command->footer(
      "Exit status: 0 not worse, 1 something is worse, 2 the reports cannot be compared.\n\n"
      "Example:\n  rackphone bench compare before.json after.json --tolerance 5%");
  auto arguments = std::make_shared<CompareArguments>();
  command->add_option("old", arguments->before, "The report to hold it against")->required();
  command->add_option("new", arguments->after, "The report to judge")->required();
  command
      ->add_option("--tolerance", arguments->tolerance,
                   "How much worse a figure may be, in percent")
      ->capture_default_str();
  command->callback([&run, arguments] { run.exit = compare(run.context, *arguments); });
}

}  // namespace rp
