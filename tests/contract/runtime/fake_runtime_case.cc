// The fake with plain processes, as the engine's tests use it.
#include <filesystem>

#include "containers/runtime/fake/fake_runtime.h"
#include "tests/contract/runtime/runtime_contract.h"

namespace rp {
namespace {

class FakeBench final : public RuntimeBench {
 public:
  explicit FakeBench(std::string folder)
      : folder_(std::move(folder)), runtime_({.run_commands = true, .log_dir = folder_}) {}
  ~FakeBench() override { std::filesystem::remove_all(folder_); }
  FakeBench(const FakeBench&) = delete;
  FakeBench& operator=(const FakeBench&) = delete;

  Runtime& runtime() override { return runtime_; }
  PhoneSpec spec(std::string id, std::string script) override {
    PhoneSpec spec;
    spec.data_dir = folder_ + "/data-" + id;
    spec.id = std::move(id);
    spec.rootfs = "/";
    spec.command = {"sh", "-c", std::move(script)};
    return spec;
  }

 private:
  std::string folder_;
  FakeRuntime runtime_;
};

}  // namespace

RuntimeCase fake_runtime_case() {
  return {"fake", [] { return std::string(); },
          [] {
            std::string folder = testing::TempDir() + "rp-fake-XXXXXX";
            EXPECT_NE(::mkdtemp(folder.data()), nullptr);
            return std::make_unique<FakeBench>(folder);
          }};
}

}  // namespace rp
