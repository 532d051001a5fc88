#include "tools/cli/up/progress.h"

#include <ostream>

#include <fmt/format.h>

#include "tools/cli/table.h"

namespace rp {

ImageProgressCallback show_progress(CliContext& context) {
  return [&context, last = std::string()](const ImageProgress& progress) mutable {
    // With --json standard output is the answer alone.
    if (context.json) return;
    if (context.progress) {
      context.out << fmt::format("\r\033[KBuilding image {}: {} %, {}", progress.image,
                                 progress.percent, printable(progress.stage))
                  << std::flush;
    } else if (progress.stage != last) {
      context.out << fmt::format("Building image {}: {} ({} %)", progress.image,
                                 printable(progress.stage), progress.percent)
                  << std::endl;
      last = progress.stage;
    }
  };
}

void end_progress(CliContext& context) {
  if (context.progress && !context.json) context.out << "\r\033[K" << std::flush;
}

}  // namespace rp
