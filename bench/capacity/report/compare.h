// Compares two capacity reports figure by figure: the knee, and what both measured at the same
// number of phones. A figure is worse when it moved the wrong way by more than the tolerance and by
// more than its noise floor (a tenth of a millisecond is no regression, whatever its ratio).
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/capacity/report/report.h"

namespace rp {

enum class Verdict { kSame, kBetter, kWorse };
// "same", "better", "worse".
[[nodiscard]] std::string_view to_string(Verdict verdict);

struct FigureChange {
  int phones = 0;           // of the step; 0: of the report as a whole
  std::string_view figure;  // "input_to_photon_p95_ms"; a constant
  double before = 0;
  double after = 0;
  Verdict verdict = Verdict::kSame;

  // after / before; nothing when before is 0.
  [[nodiscard]] std::optional<double> ratio() const;
};

struct ReportComparison {
  std::vector<FigureChange> figures;
  std::vector<std::string> notes;  // what differs between the runs without making them incomparable

  [[nodiscard]] bool regressed() const;
};

// kInvalid, saying what differs, when the runs did not measure the same thing (workload, kind and
// size of phones, network, encoder) or share no figure. Repeated steps of one count are averaged.
[[nodiscard]] Result<ReportComparison> compare_reports(const CapacityReport& before,
                                                       const CapacityReport& after,
                                                       double tolerance_percent);

}  // namespace rp
