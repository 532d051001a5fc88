// Printing logs and following them as they grow. Thread rule: blocks its thread; Ctrl-C ends a
// follower.
#pragma once

#include <string>
#include <string_view>

#include "tools/cli/context.h"

namespace rp {

// What is new in `now`, a window onto the end of a growing text, when `before` was the last window.
[[nodiscard]] std::string_view news_since(std::string_view before, std::string_view now);

// `path` is the phone's below /api/v1.
[[nodiscard]] int follow_phone_log(CliContext& context, const std::string& path, bool follow);
// The last lines of a file of `rackphone up`, and what comes after them; a file that is replaced
// (turned over when it was full) is opened anew.
[[nodiscard]] int follow_file(CliContext& context, const std::string& file, bool follow);

}  // namespace rp
