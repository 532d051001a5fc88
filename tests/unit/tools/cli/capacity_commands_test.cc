// Goal: `bench compare` and `plan` answer people and scripts, with the documented exit statuses.
// Method: the commands' own model on reports in a temporary folder.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/bench/capacity/sample_report.h"
#include "tools/cli/commands.h"
#include "tools/cli/percent.h"

namespace rp {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct CapacityCommands : testing::Test {
  void SetUp() override {
    char name[] = "/tmp/rp-capacity-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    dir = name;
  }
  void TearDown() override { std::filesystem::remove_all(dir); }

  std::string save(const CapacityReport& report, const std::string& name) {
    EXPECT_TRUE(write_capacity_report(report, dir + "/" + name));
    return dir + "/" + name;
  }
  int run(std::vector<std::string> arguments) {
    CLI::App app("test");
    out.str("");
    err.str("");
    CliContext context{out, err};
    context.columns = 0;
    CliRun run{context};
    app.add_flag("--json", context.json);
    app.fallthrough();
    add_plan_command(app, run);
    add_bench_compare(*app.add_subcommand("bench"), run);
    std::ranges::reverse(arguments);
    app.parse(std::move(arguments));
    return run.exit;
  }
  // The example of the white paper on `report`.
  std::vector<std::string> plan_with(const std::string& report) {
    return {"plan",       "--users", "2000",     "--concurrency", "10%",     "--workload", "office",
            "--headroom", "0%",      "--server", report,          "--spare", "1"};
  }

  std::string dir;
  std::ostringstream out;
  std::ostringstream err;
};

TEST_F(CapacityCommands, CompareOfEqualsPasses) {
  const std::string a = save(sample_report(), "a.json");
  EXPECT_EQ(run({"bench", "compare", a, a}), 0);
  EXPECT_THAT(out.str(), HasSubstr("0 of 53 figures are worse"));
}

TEST_F(CapacityCommands, CompareFailsOnARegression) {
  const std::string a = save(sample_report(), "a.json");
  CapacityReport slower = sample_report();
  slower.steps[2].input_to_photon_ms.p95 = 60;  // was 50
  const std::string b = save(slower, "b.json");
  EXPECT_EQ(run({"bench", "compare", a, b}), 1);
  EXPECT_THAT(out.str(),
              testing::ContainsRegex("200 +input_to_photon_p95_ms +50 +60 +1.20 +worse"));
  EXPECT_EQ(run({"bench", "compare", a, b, "--tolerance", "25%"}), 0);
  EXPECT_EQ(run({"bench", "compare", a, b, "--json"}), 1);
  const json answer = json::parse(out.str());
  EXPECT_TRUE(answer["regressed"]);
  EXPECT_EQ(answer["figures"][0]["figure"], "knee_phones");
}

TEST_F(CapacityCommands, CompareOfBadInputIsTwo) {
  const std::string a = save(sample_report(), "a.json");
  std::ofstream(dir + "/bad.json") << "{}";
  CapacityReport other = sample_report();
  other.workload.name = "video";
  EXPECT_EQ(run({"bench", "compare", a, dir + "/none.json"}), 2);
  EXPECT_EQ(run({"bench", "compare", a, dir + "/bad.json"}), 2);
  EXPECT_THAT(err.str(), HasSubstr("bad.json: schema_version is missing"));
  EXPECT_EQ(run({"bench", "compare", a, save(other, "b.json")}), 2);
  EXPECT_EQ(run({"bench", "compare", a, a, "--tolerance", "lots"}), 2);
  EXPECT_THAT(err.str(), HasSubstr("--tolerance"));
}

TEST_F(CapacityCommands, PlanPrintsServersAndAssumptions) {
  const std::string report = save(sample_report(), "r.json");
  EXPECT_EQ(run(plan_with(report)), 0);
  EXPECT_THAT(out.str(), HasSubstr("Servers      2 (1 for the load, 1 spare)"));
  EXPECT_THAT(out.str(),
              HasSubstr("200 at once; 100 on each server, 200 with 1 down; room for 400"));
  EXPECT_THAT(out.str(), HasSubstr("Network out  20 Mb/s in all"));
  EXPECT_THAT(out.str(), HasSubstr("Assumptions"));
}

TEST_F(CapacityCommands, PlanAnswersInJson) {
  auto arguments = plan_with(save(sample_report(), "r.json"));
  arguments.insert(arguments.end(), {"--json", "--recording-hours", "2", "--retention-days", "90"});
  EXPECT_EQ(run(arguments), 0);
  const json plan = json::parse(out.str())["plans"][0];
  EXPECT_EQ(plan["servers"], 2);
  EXPECT_EQ(plan["binding"], "cpu");
  EXPECT_EQ(plan["modelled"], false);
  EXPECT_EQ(plan["recording_bytes"]["best"], 1.62e13);
  EXPECT_FALSE(plan["assumptions"].empty());
}

TEST_F(CapacityCommands, PlanComparesMachinesAndNamesModels) {
  CapacityReport big = sample_report();
  big.machine.cpu_model = "Big CPU";
  big.encoder = {"model:rk3588", true, "an RK3588"};
  for (CapacityStep& step : big.steps) step.phones_asked = step.phones_served *= 10;
  big.knee_phones = 2000;
  auto arguments = plan_with(save(sample_report(), "small.json"));
  arguments[2] = "8000";
  arguments.insert(arguments.end(), {"--server", save(big, "big.json")});
  EXPECT_EQ(run(arguments), 0);
  const std::string text = out.str();
  EXPECT_LT(text.find("big.json (MODEL)"), text.find("small.json"));  // fewest servers first
  EXPECT_THAT(text, HasSubstr("MODEL        model:rk3588: an RK3588"));
}

TEST_F(CapacityCommands, PlanOfBadInputIsTwo) {
  auto arguments = plan_with(save(sample_report(), "r.json"));
  arguments[4] = "110%";
  EXPECT_EQ(run(arguments), 2);
  EXPECT_THAT(err.str(), HasSubstr("--concurrency must be 0 % to 100 %"));
  arguments[4] = "10%";
  arguments[6] = "video";
  EXPECT_EQ(run(arguments), 2);
  EXPECT_THAT(err.str(), HasSubstr("rackphone bench --workload video"));
}

TEST(Percent, TakesANumberWithOrWithoutASign) {
  EXPECT_EQ(parse_percent("10%", "x", 100).value(), 10);
  EXPECT_EQ(parse_percent("2.5 %", "x", 100).value(), 2.5);
  EXPECT_EQ(parse_percent("0", "x", 100).value(), 0);
  for (const char* bad : {"", "%", "-1", "101%", "ten", "10%%", "nan", "inf", "1e999"}) {
    EXPECT_FALSE(parse_percent(bad, "x", 100)) << bad;
  }
}

TEST_F(CapacityCommands, BenchReadsItsBoundsAndCleansItsOwnOnly) {
  ASSERT_EQ(::setenv("TMPDIR", dir.c_str(), 1), 0);
  std::filesystem::create_directory(dir + "/rackphone-bench-AAAAAA");
  const auto bench = [this](std::vector<std::string> arguments) {
    CLI::App app("test");
    out.str("");
    CliContext context{out, err};
    CliRun run{context};
    add_bench_commands(app, run);
    arguments.insert(arguments.begin(), {"bench", "--clean"});
    std::ranges::reverse(arguments);
    app.parse(std::move(arguments));
    return run.exit;
  };
  for (const char* bad : {"speed=3", "launch_p95_ms=fast", "launch_p95_ms", "memory_percent=-1"})
    EXPECT_THROW(bench({"--bound", bad}), CLI::ValidationError) << bad;
  EXPECT_THROW(bench({"--phones-as", "cats"}), CLI::ValidationError);
  EXPECT_TRUE(std::filesystem::exists(dir + "/rackphone-bench-AAAAAA"));
  EXPECT_EQ(bench({"--bound", "launch_p95_ms=500", "--bound", "memory_percent=none", "--phones-as",
                   "processes"}),
            0);
  EXPECT_THAT(out.str(), HasSubstr("1 killed run(s)"));
  EXPECT_FALSE(std::filesystem::exists(dir + "/rackphone-bench-AAAAAA"));
  ::unsetenv("TMPDIR");
}

}  // namespace
}  // namespace rp
