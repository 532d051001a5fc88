// A RuncRuntime in folders of its own with a root file system made of busybox, for the contract
// suite and for the tests of what only real containers can show.
#pragma once

#include <memory>
#include <string>

#include "containers/runtime/runc/runc_runtime.h"
#include "tests/contract/runtime/runtime_contract.h"

namespace rp {

class RuncBench final : public RuntimeBench {
 public:
  RuncBench();
  ~RuncBench() override;
  RuncBench(const RuncBench&) = delete;
  RuncBench& operator=(const RuncBench&) = delete;

  // Why runc cannot be tested here, or empty.
  [[nodiscard]] static std::string missing();

  [[nodiscard]] Runtime& runtime() override { return *runtime_; }
  [[nodiscard]] PhoneSpec spec(std::string id, std::string script) override;
  // As kill -9 of the controller and its next start: a new runtime on the same run directory.
  void restart();

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string run_dir() const { return folder_ + "/run"; }
  [[nodiscard]] Instance instance() const { return Instance(run_dir()); }

 private:
  std::string folder_;
  std::unique_ptr<RuncRuntime> runtime_;
};

}  // namespace rp
