// Goal: a plan is right where it can be checked by hand, says what it assumes, and refuses or flags
// what a report cannot answer. Method: reports with round figures, one property changed at a time.
#include "bench/capacity/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/bench/capacity/sample_report.h"

namespace rp {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A report with this knee: steps at 60 %, 80 % and 100 % of it held, one phone more broke.
CapacityReport report_with_knee(int knee) {
  CapacityReport report = sample_report();
  report.steps = {sample_step(knee * 6 / 10), sample_step(knee * 8 / 10), sample_step(knee),
                  sample_step(knee + 1)};
  report.steps[3].broken = BrokenBound{"input_to_photon_p95_ms", 100, 130};
  report.knee_phones = knee;
  return report;
}

struct Plan : testing::Test {
  [[nodiscard]] ServerPlan plan() const {
    const auto planned = plan_servers(request, report, "r.json");
    EXPECT_TRUE(planned) << planned.error().message();
    return planned.value_or(ServerPlan{});
  }
  [[nodiscard]] std::string refusal() const {
    const auto planned = plan_servers(request, report, "r.json");
    return planned ? "none" : planned.error().message();
  }

  PlanRequest request{.users = 2000, .concurrency_percent = 10, .workload = "office", .spare = 1};
  CapacityReport report = report_with_knee(250);
};

// The white paper's example: 2,000 people, 10 % at once, two servers in high availability that
// carry 400 sessions, 200 each, and with one down the other carries all 200 there are.
TEST_F(Plan, TheWhitePapersExampleIsTwoServers) {
  const ServerPlan p = plan();
  EXPECT_EQ(p.concurrent_sessions, 200);
  EXPECT_EQ(p.sessions_per_server, 200);  // 250 less 20 %
  EXPECT_EQ(p.servers, 2);
  EXPECT_EQ(p.servers * p.sessions_per_server, 400);
  EXPECT_EQ(p.sessions_each, 100);
  EXPECT_EQ(p.sessions_each_degraded, 200);
  EXPECT_THAT(p.warnings, IsEmpty());
}

TEST_F(Plan, TheSameWithoutHeadroomOnServersOfTwoHundred) {
  report = report_with_knee(200);
  request.headroom_percent = 0;
  EXPECT_EQ(plan().servers, 2);
  request.headroom_percent = 1;  // 198 a server: one is not enough for 200
  EXPECT_EQ(plan().servers, 3);
}

TEST_F(Plan, WithoutASpareOneServerLess) {
  request.spare = 0;
  const ServerPlan p = plan();
  EXPECT_EQ(p.servers, 1);
  EXPECT_EQ(p.sessions_each_degraded, 200);
}

TEST_F(Plan, NobodyNeedsNothing) {
  for (const auto& [users, percent] : {std::pair{0, 10.0}, {2000, 0.0}}) {
    request.users = users;
    request.concurrency_percent = percent;
    const ServerPlan p = plan();
    EXPECT_EQ(p.concurrent_sessions, 0);
    EXPECT_EQ(p.servers, 0);
    EXPECT_EQ(p.servers_high, 0);
    EXPECT_EQ(p.out_mbps, Interval{});
  }
}

TEST_F(Plan, PartsOfAPersonAreAPerson) {
  request.users = 2001;
  EXPECT_EQ(plan().concurrent_sessions, 201);
  EXPECT_EQ(plan().servers, 3);
  request.users = 3000;
  request.concurrency_percent = 0.1;  // 3.0000000000000004 in binary fractions
  EXPECT_EQ(plan().concurrent_sessions, 3);
}

TEST_F(Plan, TrafficAndStorageAreTheMeasuredRateTimesTheLoad) {
  request.recording_hours = 2;
  request.retention_days = 90;
  const ServerPlan p = plan();
  EXPECT_DOUBLE_EQ(p.out_mbps.best, 20);  // 200 sessions of 100 kb/s
  EXPECT_DOUBLE_EQ(p.in_mbps.best, 0.8);
  EXPECT_DOUBLE_EQ(p.out_mbps_per_server.best, 20);  // one down
  // 2,000 users × 2 h × 90 d × 3,600 s × 12,500 B/s.
  EXPECT_DOUBLE_EQ(p.recording_bytes.value().best, 2000.0 * 2 * 90 * 3600 * 12'500);
  EXPECT_THAT(p.assumptions, Contains(HasSubstr("2 hours a user and day, 90 days")));
  request.retention_days = 0;
  EXPECT_FALSE(plan().recording_bytes);
}

TEST_F(Plan, AMillionUsersStillFit) {
  request.users = 1'000'000'000;
  request.concurrency_percent = 100;
  request.recording_hours = 24;
  request.retention_days = 36'500;
  EXPECT_EQ(plan().servers, 5'000'001);
}

TEST_F(Plan, SpreadOfTheStepsBecomesBounds) {
  // Cost of a session 9, 10 and 11: mean 10, interval of 49.7 % (see spread_test.cc).
  const double costs[] = {0.09, 0.10, 0.11};
  for (std::size_t i = 0; i < 3; ++i) {
    CapacityStep& step = report.steps[i];
    step.engine_cpu_percent = costs[i] * step.phones_served;
    step.app_cpu_percent = 0;
  }
  const ServerPlan p = plan();
  EXPECT_TRUE(p.has_confidence);
  EXPECT_NEAR(p.knee_sessions.low, 250 / 1.4969, 0.1);
  EXPECT_EQ(p.knee_sessions.high, 250);  // 251 broke a bound
  EXPECT_EQ(p.servers_low, 2);
  EXPECT_EQ(p.servers_high, 3);
  EXPECT_THAT(p.warnings, Contains(HasSubstr("take 3 servers")));
  report.steps[3].phones_asked = 300;
  EXPECT_EQ(plan().knee_sessions.high, 299);
}

TEST_F(Plan, TheSpreadIsOfWhatBinds) {
  report.binding = Binding{CapacityResource::kMemory, "full"};
  report.steps[1].engine_cpu_percent *= 2;  // of no concern
  EXPECT_DOUBLE_EQ(plan().knee_sessions.low, plan_servers(request, report, "r")->knee_sessions.low);
  const double calm = plan().knee_sessions.low;
  report.steps[1].app_memory.pss_mib *= 2;
  EXPECT_LT(plan().knee_sessions.low, calm);
  EXPECT_EQ(plan().binding.resource, CapacityResource::kMemory);
}

TEST_F(Plan, TooFewStepsHaveNoBoundsAndSaySo) {
  report.steps.erase(report.steps.begin());
  const ServerPlan p = plan();
  EXPECT_FALSE(p.has_confidence);
  EXPECT_EQ(p.knee_sessions, (Interval{250, 250, 250}));
  EXPECT_EQ(p.servers_low, p.servers_high);
  EXPECT_THAT(p.warnings, Contains(HasSubstr("no confidence bounds")));
}

TEST_F(Plan, WithoutAKneeTheMostThatHeldIsUsedAndFlagged) {
  report.knee_phones.reset();
  report.binding.reset();
  report.steps.pop_back();
  const ServerPlan p = plan();
  EXPECT_EQ(p.knee_sessions.best, 250);
  EXPECT_EQ(p.binding.resource, CapacityResource::kUnknown);
  EXPECT_THAT(p.warnings, Contains(HasSubstr("no knee")));
}

TEST_F(Plan, AReportInWhichNothingHeldIsRefused) {
  for (CapacityStep& step : report.steps) step.broken = BrokenBound{"launch_p95_ms", 1, 2};
  report.knee_phones.reset();
  EXPECT_THAT(refusal(), HasSubstr("r.json has no step"));
  report.knee_phones = 0;
  EXPECT_THAT(refusal(), HasSubstr("r.json has no step"));
  report.steps.clear();
  EXPECT_THAT(refusal(), HasSubstr("r.json has no step"));
}

TEST_F(Plan, GoingBeyondTheReportIsFlagged) {
  report.knee_phones = 300;
  EXPECT_THAT(plan().warnings, Contains(HasSubstr("extrapolated: the knee, 300")));
  report = report_with_knee(250);
  request.users = 100;  // ten sessions, fewer than any step
  EXPECT_THAT(plan().warnings, Contains(HasSubstr("fewer than the 150")));
}

TEST_F(Plan, AnUnquietOrUnfinishedRunIsFlagged) {
  report.complete = false;
  report.steps[0].broken = BrokenBound{"launch_p95_ms", 1, 2};
  EXPECT_THAT(plan().warnings, Contains(HasSubstr("not quiet")));
  EXPECT_THAT(plan().warnings, Contains(HasSubstr("stopped early")));
}

TEST_F(Plan, ShortStepsOrOtherProgramsAreFlagged) {
  report.steps[1].seconds = 6;
  EXPECT_THAT(plan().warnings, ElementsAre(HasSubstr("for 6 s only")));
  report = report_with_knee(250);
  report.steps[0].machine_cpu_percent = 100;  // its own are 150 × 0.55 % of two cores
  EXPECT_THAT(plan().warnings, ElementsAre(HasSubstr("took up to 59 % of the machine's CPU")));
}

TEST_F(Plan, AModelIsCalledOne) {
  EXPECT_THAT(plan().warnings, Not(Contains(HasSubstr("MODEL"))));
  report.encoder = {"model:rk3588", true, "RK3588 by its data sheet"};
  const ServerPlan p = plan();
  EXPECT_TRUE(p.encoder.modelled);
  EXPECT_THAT(p.warnings, Contains(HasSubstr("MODEL, not measured")));
  EXPECT_THAT(p.warnings, Contains(HasSubstr("RK3588 by its data sheet")));
}

TEST_F(Plan, ASmallNetworkCardBinds) {
  request.nic_mbps = 10;  // 100 sessions of 100 kb/s, 80 with headroom
  const ServerPlan p = plan();
  EXPECT_EQ(p.binding.resource, CapacityResource::kNetwork);
  EXPECT_THAT(p.binding.why, HasSubstr("100 sessions"));
  EXPECT_EQ(p.sessions_per_server, 80);
  EXPECT_EQ(p.servers, 4);
  request.nic_mbps = 1000;
  EXPECT_EQ(plan().binding.resource, CapacityResource::kCpu);
}

TEST_F(Plan, AnotherWorkloadSaysWhatToDo) {
  request.workload = "video";
  EXPECT_THAT(refusal(), HasSubstr("measured workload \"office\", not \"video\""));
  EXPECT_THAT(refusal(), HasSubstr("rackphone bench --workload video"));
}

TEST_F(Plan, NumbersOutOfRangeNameTheirOption) {
  const auto with = [this](auto change) {
    PlanRequest changed = request;
    change(changed);
    const auto planned = plan_servers(changed, report, "r.json");
    return planned ? std::string("none") : planned.error().message();
  };
  EXPECT_THAT(with([](auto& r) { r.concurrency_percent = 101; }), HasSubstr("--concurrency"));
  EXPECT_THAT(with([](auto& r) { r.concurrency_percent = -1; }), HasSubstr("--concurrency"));
  EXPECT_THAT(with([](auto& r) { r.users = -1; }), HasSubstr("--users"));
  EXPECT_THAT(with([](auto& r) { r.spare = -1; }), HasSubstr("--spare"));
  EXPECT_THAT(with([](auto& r) { r.headroom_percent = 100; }), HasSubstr("--headroom"));
  EXPECT_THAT(with([](auto& r) { r.nic_mbps = 0; }), HasSubstr("--nic"));
  EXPECT_THAT(with([](auto& r) { r.recording_hours = 25; }), HasSubstr("--recording-hours"));
  EXPECT_THAT(with([](auto& r) { r.retention_days = -1; }), HasSubstr("--retention-days"));
  // 2,000 × 3 h is more than 200 sessions are in a day.
  EXPECT_THAT(with([](auto& r) { r.recording_hours = 3; }), HasSubstr("at most 4800"));
}

TEST_F(Plan, TooMuchHeadroomForASmallServerIsRefused) {
  report = report_with_knee(10);
  request.headroom_percent = 95;
  EXPECT_THAT(refusal(), HasSubstr("less than one session"));
}

TEST_F(Plan, AssumptionsNameWorkloadMachineBoundsAndMethod) {
  const auto all = plan().assumptions;
  for (const char* part :
       {"200 sessions", "\"office\"", "bare processes", "Example CPU", "input to photon p95 100 ms",
        "20 %", "1 server down", "viewers ran", "Student's t", "--nic"}) {
    EXPECT_THAT(all, Contains(HasSubstr(part))) << part;
  }
}

}  // namespace
}  // namespace rp
