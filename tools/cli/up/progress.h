// Shows how far an image's build is: one line that is drawn over itself on a terminal, a line a
// stage elsewhere. Thread rule: the thread that builds.
#pragma once

#include "containers/images/image_store.h"
#include "tools/cli/context.h"

namespace rp {

[[nodiscard]] ImageProgressCallback show_progress(CliContext& context);
void end_progress(CliContext& context);

}  // namespace rp
