// Goal: a report survives JSON whole, and a report file that is not as it should be is refused with
// the path of the member at fault. Method: one report with every member set, written and read; then
// its JSON changed in one place at a time.
#include "bench/capacity/report/report.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/bench/capacity/sample_report.h"

namespace rp {
namespace {

using testing::HasSubstr;

// `text` with the first `from` replaced; the test is wrong if there is none.
std::string with(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string fault_of(const std::string& json) {
  const auto report = parse_capacity_report(json);
  return report ? "none" : report.error().message();
}

TEST(CapacityReport, SurvivesJson) {
  const CapacityReport report = sample_report();
  const std::string json = to_json(report);
  const auto back = parse_capacity_report(json);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(to_json(*back), json);
  ASSERT_EQ(back->steps.size(), 4U);
  EXPECT_EQ(back->steps[1].watts, 41.5);
  EXPECT_FALSE(back->steps[0].watts);
  ASSERT_TRUE(back->steps[3].broken);
  EXPECT_EQ(back->steps[3].broken->bound, "input_to_photon_p95_ms");
  EXPECT_EQ(back->steps[2].traffic.out_kbps, 20'000);
  EXPECT_EQ(back->knee_phones, 200);
  EXPECT_EQ(back->binding->resource, CapacityResource::kCpu);
  EXPECT_EQ(back->seed, 7U);
}

TEST(CapacityReport, AbsentOptionalsStayAbsent) {
  CapacityReport report = sample_report();
  report.knee_phones.reset();
  report.binding.reset();
  report.bounds = {};
  report.steps.clear();
  report.complete = false;
  const auto back = parse_capacity_report(to_json(report));
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_FALSE(back->knee_phones);
  EXPECT_FALSE(back->binding);
  EXPECT_FALSE(back->bounds.launch_p95_ms);
  EXPECT_FALSE(back->complete);
}

TEST(CapacityReport, NamesTheMemberAtFault) {
  const std::string good = to_json(sample_report());
  EXPECT_EQ(fault_of(good), "none");
  EXPECT_THAT(fault_of(with(good, "\"p95\": 320.0", "\"p95\": \"fast\"")),
              HasSubstr("steps[0].launch_ms.p95"));
  EXPECT_THAT(fault_of(with(good, "\"p95\": 320.0", "\"p95\": 1")),
              HasSubstr("steps[0].launch_ms.p95 must lie between"));
  EXPECT_THAT(fault_of(with(good, "\"p95\": 320.0", "\"p95\": 1e300")),
              HasSubstr("must be a number of 0 to 1000000000000000"));
  EXPECT_THAT(fault_of(with(good, "\"cores\": 2", "\"cores\": 0")), HasSubstr("machine.cores"));
  EXPECT_THAT(fault_of(with(good, "\"cores\": 2", "\"cores\": 2.5")), HasSubstr("machine.cores"));
  EXPECT_THAT(fault_of(with(good, "\"seed\": 7", "\"seed\": 18446744073709551615")),
              HasSubstr("seed"));
  EXPECT_THAT(fault_of(with(good, "\"kernel\"", "\"kernal\"")),
              HasSubstr("machine.kernel is missing"));
  EXPECT_THAT(fault_of(with(good, "\"seed\": 7", "\"seed\": 7, \"sead\": 8")),
              HasSubstr("sead is not known"));
  EXPECT_THAT(fault_of(with(good, "\"phones_served\": 50", "\"phones_served\": 51")),
              HasSubstr("steps[0].phones_served must not exceed"));
  EXPECT_THAT(fault_of(with(good, "\"resource\": \"cpu\"", "\"resource\": \"luck\"")),
              HasSubstr("binding.resource must be cpu"));
  EXPECT_THAT(fault_of(with(good, "T07:31:23Z", " 07:31:23 ")), HasSubstr("time must be UTC"));
  EXPECT_THAT(fault_of(with(good, "\"complete\": true", "\"complete\": 1")), HasSubstr("complete"));
  EXPECT_THAT(fault_of(with(good, "\"loss_percent\": 0.5", "\"loss_percent\": 101")),
              HasSubstr("network.loss_percent"));
}

TEST(CapacityReport, AModelNeverPassesForAMeasurement) {
  CapacityReport report = sample_report();
  report.encoder = {"model:rk3588", false, ""};
  EXPECT_THAT(fault_of(to_json(report)), HasSubstr("encoder.modelled"));
  report.encoder = {"x264", true, ""};
  EXPECT_THAT(fault_of(to_json(report)), HasSubstr("encoder.modelled"));
  report.encoder = {"model:rk3588", true, "a model"};
  EXPECT_EQ(fault_of(to_json(report)), "none");
}

TEST(CapacityReport, RefusesWhatIsNoReport) {
  EXPECT_THAT(fault_of(""), HasSubstr("not valid JSON"));
  EXPECT_THAT(fault_of("[]"), HasSubstr("the report must be an object"));
  EXPECT_THAT(fault_of("{}"), HasSubstr("schema_version is missing"));
  EXPECT_THAT(fault_of(std::string(100'000, '[')), HasSubstr("nests deeper"));
  EXPECT_THAT(fault_of(std::string(kMaxReportBytes + 1, ' ')), HasSubstr("at most"));
  const auto newer = parse_capacity_report(R"({"schema_version":2})");
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::kUnsupported);
  CapacityReport report = sample_report();
  report.steps.assign(kMaxReportSteps + 1, report.steps[0]);
  EXPECT_THAT(fault_of(to_json(report)), HasSubstr("steps must be a list of at most"));
}

class ReportFile : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/rp-report-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    dir_ = name;
  }
  void TearDown() override {
    ::unlink((dir_ + "/r.json").c_str());
    ::rmdir(dir_.c_str());
  }
  std::string dir_;
};

TEST_F(ReportFile, IsWrittenWholeAndReadBack) {
  const std::string path = dir_ + "/r.json";
  ASSERT_TRUE(write_capacity_report(sample_report(), path));
  EXPECT_NE(::access((path + ".part").c_str(), F_OK), 0);
  const auto back = read_capacity_report(path);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(to_json(*back), to_json(sample_report()));
}

TEST_F(ReportFile, NamesFileAndMember) {
  const std::string path = dir_ + "/r.json";
  std::ofstream(path) << "{\"schema_version\":1}";
  EXPECT_EQ(read_capacity_report(path).error().message(), path + ": tool_version is missing");
  EXPECT_EQ(read_capacity_report(dir_ + "/none").error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(read_capacity_report(dir_));
}

TEST_F(ReportFile, RefusesAFigureThatIsNoNumber) {
  CapacityReport report = sample_report();
  report.steps[0].engine_cpu_percent = std::nan("");
  const auto written = write_capacity_report(report, dir_ + "/r.json");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message(), HasSubstr("steps[0].engine_cpu_percent"));
  EXPECT_NE(::access((dir_ + "/r.json").c_str(), F_OK), 0);
}

TEST(CapacityReport, CountsDroppedAmongAll) {
  CapacityStep step;
  EXPECT_EQ(dropped_percent(step), 0);
  step.frames_delivered = 75;
  step.frames_dropped = 25;
  EXPECT_EQ(dropped_percent(step), 25);
}

}  // namespace
}  // namespace rp
