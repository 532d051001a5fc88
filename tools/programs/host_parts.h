// The real parts of this host: which runtime and image store the programs work with. `rackphone`
// and `rackphone-controller` take the same ones, so both see the same phones and images. Thread
// rule: any thread.
#pragma once

#include "tools/cli/context.h"

namespace rp {

[[nodiscard]] CliParts host_parts();

}  // namespace rp
