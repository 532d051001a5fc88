// FakeRuntime: phones without containers. Simulated by default; with `run_commands` each phone's
// command runs as a plain process of this machine (no isolation at all), so that tests of the
// engine and the controller meet real Wayland clients without root. Held to the Runtime contract by
// the same suite. Thread rule: as Runtime.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "containers/runtime/runtime.h"
#include "engine/base/unique_fd.h"

namespace rp {

struct FakeRuntimeOptions {
  bool run_commands = false;
  std::string log_dir;  // of the commands' output; needed with run_commands
};

class FakeRuntime final : public Runtime {
 public:
  explicit FakeRuntime(FakeRuntimeOptions options = {}) : options_(std::move(options)) {}
  ~FakeRuntime() override;

  [[nodiscard]] std::string_view name() const override { return "fake"; }
  [[nodiscard]] Status up() override;
  [[nodiscard]] Status down() override;
  [[nodiscard]] Status create(const PhoneSpec& spec) override;
  [[nodiscard]] Status start(std::string_view id) override;
  [[nodiscard]] Status stop(std::string_view id, std::chrono::milliseconds grace) override;
  [[nodiscard]] Status kill(std::string_view id) override;
  [[nodiscard]] Status freeze(std::string_view id) override;
  [[nodiscard]] Status thaw(std::string_view id) override;
  [[nodiscard]] Status remove(std::string_view id) override;
  [[nodiscard]] Result<std::vector<ContainerInfo>> list() override;
  [[nodiscard]] Result<ContainerInfo> inspect(std::string_view id) override;
  [[nodiscard]] Result<std::string> read_log(std::string_view id, std::size_t max_bytes) override;

  // What tests do to it: the next call that would change something fails with `error`; a simulated
  // phone ends by itself; a phone turns into what a crash would leave.
  void fail_next(Error error);
  void end_phone(std::string_view id, int exit_status);
  void break_phone(std::string_view id);

 private:
  struct Phone {
    PhoneSpec spec;
    PhoneState state = PhoneState::kCreated;
    int exit_status = -1;
    int slot = 0;
    pid_t pid = 0;
  };
  [[nodiscard]] Status take_failure();
  [[nodiscard]] Result<Phone*> phone(std::string_view id);
  [[nodiscard]] Status spawn(Phone& phone) const;
  void end(Phone& phone, int signal, std::chrono::milliseconds grace) const;
  static void reap(Phone& phone, bool wait);
  [[nodiscard]] static ContainerInfo describe(Phone& phone);

  FakeRuntimeOptions options_;
  std::mutex mutex_;
  bool up_ = false;
  std::optional<Error> failure_;
  std::map<std::string, Phone, std::less<>> phones_;
};

}  // namespace rp
