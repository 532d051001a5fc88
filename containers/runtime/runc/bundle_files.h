// The small files in a phone's bundle folder that RuncRuntime and conmon leave there, read and
// written without ever trusting them: a crash may have cut any of them short. Thread rule: any
// thread.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace rp {

// A decimal number and nothing else; empty when the file is missing or holds anything but that.
[[nodiscard]] std::optional<int> read_number(const std::string& path);
// Through a temporary file and rename(2): the file holds all of `text` or is not there.
[[nodiscard]] Status write_file(const std::string& path, std::string_view text, mode_t mode);
// Whether `pid` runs (a zombie does not) with `word` as one of its arguments.
[[nodiscard]] bool process_has_argument(pid_t pid, std::string_view word);
// Whether a process of that number exists and is not a zombie.
[[nodiscard]] bool process_runs(pid_t pid);
// conmon's "k8s-file" log as plain text: the stream and partial marks of each line are taken out,
// its time stays. The newest `max_bytes` of it.
[[nodiscard]] std::string plain_log(std::string_view raw, std::size_t max_bytes);
// The part of runc's or conmon's message that a person needs: the inside of msg="…", or all of it.
[[nodiscard]] std::string runc_reason(std::string_view message);

}  // namespace rp
