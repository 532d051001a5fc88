// Judges a step: which quality bound it breaks, if any, and which resource of the machine binds.
// From measurements only. Thread rule: plain functions.
#pragma once

#include <optional>

#include "bench/capacity/run/step.h"

namespace rp {

// What `rackphone bench` holds a server to unless told otherwise.
[[nodiscard]] QualityBounds default_bounds();

// The first bound that does not hold: served, then in the order of QualityBounds.
[[nodiscard]] std::optional<BrokenBound> judge(const QualityBounds& bounds,
                                               const StepFindings& findings);

// What the machine did besides, in percent of one core: other programs, which make a run say less,
// and what of the kernel's work belongs to no process.
[[nodiscard]] double others_cpu_percent(const CapacityStep& step, int cores);

// The resource that is used up in a step at or above the knee. kUnknown, saying what was looked at,
// when none is.
[[nodiscard]] Binding find_binding(const StepFindings& findings, const NetworkCondition& network,
                                   int cores);

}  // namespace rp
