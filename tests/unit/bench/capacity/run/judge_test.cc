// Goal: the bound that broke and the resource that binds are named from the figures, in the
// documented order. Method: findings with one figure moved at a time.
#include "bench/capacity/run/judge.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

StepFindings good() {
  StepFindings findings;
  findings.step.phones_asked = findings.step.phones_served = 10;
  findings.step.input_to_photon_ms.p95 = 40;
  findings.step.frame_interval_ms.p95 = 34;
  return findings;
}

TEST(Judge, NothingBrokenWhenAllHolds) { EXPECT_FALSE(judge(default_bounds(), good())); }

TEST(Judge, AViewerNotServedComesFirst) {
  StepFindings findings = good();
  findings.step.phones_served = 9;
  findings.step.input_to_photon_ms.p95 = 500;
  const auto broken = judge(default_bounds(), findings);
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->bound, "served");
  EXPECT_EQ(broken->limit, 10);
  EXPECT_EQ(broken->value, 9);
}

TEST(Judge, EachBoundIsHeld) {
  StepFindings findings = good();
  findings.step.input_to_photon_ms.p95 = 100;
  EXPECT_FALSE(judge(default_bounds(), findings));
  findings.step.input_to_photon_ms.p95 = 100.1;
  EXPECT_EQ(judge(default_bounds(), findings)->bound, "input_to_photon_p95_ms");
  findings = good();
  findings.step.frame_interval_ms.p95 = 51;
  EXPECT_EQ(judge(default_bounds(), findings)->bound, "frame_interval_p95_ms");
  QualityBounds memory;
  memory.memory_percent = 80;
  findings.memory_used_percent = 90;
  EXPECT_EQ(judge(memory, findings)->bound, "memory_percent");
}

TEST(Binding, IsWhatIsUsedUp) {
  const NetworkCondition network{.rate_kbps = 1000};
  StepFindings findings = good();
  EXPECT_EQ(find_binding(findings, network, 2).resource, CapacityResource::kUnknown);
  findings.disk_wait_percent = 30;
  EXPECT_EQ(find_binding(findings, network, 2).resource, CapacityResource::kDisk);
  findings.busiest_thread = "rp-encode";
  findings.busiest_thread_percent = 97;
  EXPECT_EQ(find_binding(findings, network, 2).resource, CapacityResource::kEncoder);
  findings.busiest_thread = "shard-0";
  EXPECT_EQ(find_binding(findings, network, 2).resource, CapacityResource::kCpu);
  findings.step.machine_cpu_percent = 99;
  EXPECT_NE(find_binding(findings, network, 2).why.find("2 cores"), std::string::npos);
  findings.step.traffic.out_kbps_per_session = 950;
  EXPECT_EQ(find_binding(findings, network, 2).resource, CapacityResource::kNetwork);
  findings.memory_used_percent = 95;
  EXPECT_EQ(find_binding(findings, network, 2).resource, CapacityResource::kMemory);
}

}  // namespace
}  // namespace rp
