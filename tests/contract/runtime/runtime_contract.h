// The Runtime contract's fixture: each implementation registers one way to make itself and a phone
// that runs a shell script, and the suite in runtime_contract.cc runs against all of them.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "containers/runtime/runtime.h"

namespace rp {

// One runtime with its own folders; nothing of it may be left when it is destroyed.
class RuntimeBench {
 public:
  virtual ~RuntimeBench() = default;
  [[nodiscard]] virtual Runtime& runtime() = 0;
  // A phone whose command is `sh -c script`.
  [[nodiscard]] virtual PhoneSpec spec(std::string id, std::string script) = 0;
};

struct RuntimeCase {
  std::string name;
  // Why it cannot run here, or empty.
  std::function<std::string()> missing;
  std::function<std::unique_ptr<RuntimeBench>()> make;
};
inline void PrintTo(const RuntimeCase& c, std::ostream* out) { *out << c.name; }

[[nodiscard]] RuntimeCase fake_runtime_case();
[[nodiscard]] RuntimeCase runc_runtime_case();

// Asks inspect() until it answers `state`, for 10 s at most; the last answer either way.
[[nodiscard]] ContainerInfo wait_for_state(Runtime& runtime, std::string_view id, PhoneState state);
// Reads the log until it holds `text`, for 10 s at most.
[[nodiscard]] std::string wait_for_log(Runtime& runtime, std::string_view id,
                                       std::string_view text);

}  // namespace rp
