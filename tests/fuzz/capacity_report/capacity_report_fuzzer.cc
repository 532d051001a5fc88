// Goal: no report file can crash the reader, or what works with a report that was read. Method:
// each input is parsed; what parses is written and read again unchanged, compared with itself,
// planned with and shown as a page.
#include <cstdint>
#include <cstdlib>

#include "bench/capacity/plan/plan.h"
#include "bench/capacity/report/compare.h"
#include "bench/capacity/report/html.h"
#include "bench/capacity/report/report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto report = rp::parse_capacity_report({reinterpret_cast<const char*>(data), size});
  if (!report) return 0;
  const std::string json = rp::to_json(*report);
  const auto again = rp::parse_capacity_report(json);
  if (!again || rp::to_json(*again) != json) std::abort();
  const auto comparison = rp::compare_reports(*report, *again, 10);
  if (comparison && comparison->regressed()) std::abort();
  const rp::PlanRequest request{.users = 2000,
                                .concurrency_percent = 10,
                                .workload = report->workload.name,
                                .spare = 1,
                                .nic_mbps = 1000,
                                .recording_hours = 1,
                                .retention_days = 30};
  const auto plan = rp::plan_servers(request, *report, "report.json");
  if (plan && (plan->servers < 2 || plan->servers_low > plan->servers ||
               plan->servers_high < plan->servers)) {
    std::abort();
  }
  if (rp::to_html(*report).find("<script") != std::string::npos) std::abort();
  return 0;
}
