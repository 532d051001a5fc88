// What this machine has and lacks for phones: one finding each, with what is used and what to do to
// get better. `rackphone up` stops at what must be there; `rackphone doctor` prints all. Thread
// rule: blocks.
#pragma once

#include <string>
#include <vector>

#include "tools/cli/up/layout.h"

namespace rp {

enum class Grade { kGood, kCouldBeBetter, kMissing };

struct Finding {
  std::string what;  // "runc"
  Grade grade = Grade::kGood;
  std::string found;   // "1.1.5"
  std::string used;    // what it is used for, or what is used instead
  std::string advice;  // what to do; empty when good
};

[[nodiscard]] Finding check_root();
[[nodiscard]] Finding check_program(const std::string& program, const std::string& package,
                                    const std::string& used);
[[nodiscard]] Finding check_cgroups();
[[nodiscard]] Finding check_user_namespaces();
[[nodiscard]] Finding check_overlay();
[[nodiscard]] Finding check_disk(const std::string& directory);
// That nobody else listens there.
[[nodiscard]] Finding check_port(const ListenAddress& listen);
// Optional parts of the machine that make things faster: kTLS, GPUs, codec chips, shared memory.
// `root` stands before /dev and /proc.
[[nodiscard]] std::vector<Finding> check_accelerators(const std::string& root = "");

// Without any of these no phone runs; in the order people should put them right.
[[nodiscard]] std::vector<Finding> check_required(const Layout& layout);

}  // namespace rp
