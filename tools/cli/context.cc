#include "tools/cli/context.h"

#include <ostream>

#include "engine/base/log.h"

namespace rp {

int report(CliContext& context, const CliError& error) {
  if (context.json) {
    std::string text;
    append_json_escaped(text, error.message);
    context.out << "{\"error\":{\"exit\":" << static_cast<int>(error.exit) << ",\"message\":\""
                << text << "\"}}\n";
  } else {
    context.err << "rackphone: " << error.message << "\n";
  }
  return static_cast<int>(error.exit);
}

CliError cli_error(const Error& error) {
  Exit exit = Exit::kFailed;
  if (error.code == ErrorCode::kNotFound) exit = Exit::kNotFound;
  if (error.code == ErrorCode::kDenied) exit = Exit::kDenied;
  return {exit, error.message()};
}

}  // namespace rp
