// The planner behind `rackphone plan`: from people and a measured server to a number of servers,
// traffic and storage, each with its assumptions in words. docs/planning.md tells the method.
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/capacity/plan/spread.h"
#include "bench/capacity/report/report.h"

namespace rp {

struct PlanRequest {
  std::int64_t users = 0;
  double concurrency_percent = 0;  // of the users, at the busiest moment; 0 to 100
  std::string workload;
  int spare = 0;                 // servers that may be down while every session is carried
  double headroom_percent = 20;  // of the knee, kept free on every server
  std::optional<double> nic_mbps =
      {};                      // of one server; absent: the network card is taken as enough
  double recording_hours = 0;  // recorded a user and day, as streamed
  double retention_days = 0;
};

struct ServerPlan {
  std::string server;  // the report's name, as given
  MachineFacts machine;
  EncoderFacts encoder;
  std::int64_t concurrent_sessions = 0;
  Interval knee_sessions;                   // a server carries with every bound just held
  bool has_confidence = false;              // false: too few steps, the intervals are points
  std::int64_t sessions_per_server = 0;     // at most this many are planned on one
  std::int64_t servers = 0;                 // spares included
  std::int64_t servers_low = 0;             // … were the knee at the upper end of its interval
  std::int64_t servers_high = 0;            // … at the lower end
  std::int64_t sessions_each = 0;           // on the busiest server, all servers up
  std::int64_t sessions_each_degraded = 0;  // …, with `spare` servers down
  Binding binding;
  Interval out_mbps;  // of all servers together
  Interval in_mbps;
  Interval out_mbps_per_server;  // of the busiest, with `spare` servers down
  std::optional<Interval> recording_bytes;
  std::vector<std::string> assumptions;  // sentences
  std::vector<std::string> warnings;     // sentences; what makes the plan weaker than it looks
};

// `server` names the report in messages. kInvalid naming the option or the flaw in the report:
// numbers out of range, another workload than asked for, nothing that held.
[[nodiscard]] Result<ServerPlan> plan_servers(const PlanRequest& request,
                                              const CapacityReport& report,
                                              const std::string& server);

}  // namespace rp
