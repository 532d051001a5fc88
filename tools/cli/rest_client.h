// Asks the controller of the running instance, over its root socket. Thread rule: blocks its
// thread.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "tools/cli/context.h"

namespace rp {

// The body of a 2xx answer. `target` is below /api/v1: "/phones". Errors are sentences, with the
// exit status they stand for.
[[nodiscard]] std::expected<std::string, CliError> call_controller(
    const CliContext& context, std::string_view method, std::string_view target,
    const std::string& body = {}, std::chrono::milliseconds timeout = std::chrono::seconds(30));

}  // namespace rp
