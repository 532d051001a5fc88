// Runtime: what runs phones on one host. The controller's reconciler compares what it wants with
// what list() really finds, and repairs through the calls below; so every call is idempotent:
// asking for what is already so succeeds. One instance owns only what carries its tag (made of its
// run directory), and never touches another instance's or anybody else's containers. Thread rule:
// any thread; every call may block (seconds). Calls for one phone are serialised inside.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace rp {

// Where the host's display directory appears inside a phone. The runtime sets WAYLAND_DISPLAY to
// kDisplayDirInPhone/wayland-0 and XDG_RUNTIME_DIR to /run/user/UID unless `environment` says
// otherwise.
inline constexpr std::string_view kDisplayDirInPhone = "/run/rackphone-display";

struct PhoneLimits {
  std::int64_t pids = 512;
  std::int64_t memory_bytes = std::int64_t{1536} << 20;
  std::int64_t cpu_milli = 2000;  // thousandths of a core
};

// Everything a phone's container is made of. `id` is 1–40 of [a-z0-9-]. Paths are absolute.
struct PhoneSpec {
  std::string id;
  std::string rootfs;    // an image's root file system; shared, never written to
  std::string data_dir;  // this phone's own files (the overlay's upper layer); made if missing, and
                         // outlives remove(): "reset" deletes it while the phone does not exist
  std::string display_dir;           // holds the phone's Wayland socket; empty: no display
  std::vector<std::string> command;  // what the phone runs, argv[0] looked up in the image's PATH
  std::vector<std::pair<std::string, std::string>> environment;
  std::uint32_t user = 1000;  // uid and gid of `command` inside the phone
  PhoneLimits limits;
};

enum class PhoneState {
  kAbsent,   // not a trace
  kCreated,  // made, not started
  kRunning,
  kFrozen,
  kStopped,   // was started and has ended; `exit_status` says how
  kLeftover,  // traces without a whole phone (a crash in the middle): remove() it
};
// "absent", "created", "running", "frozen", "stopped", "leftover".
std::string_view to_string(PhoneState state);

// What is really there of one phone.
struct ContainerInfo {
  std::string id;
  PhoneState state = PhoneState::kAbsent;
  pid_t init_pid = 0;    // on the host; 0 when nothing runs
  int exit_status = -1;  // of a stopped phone: 0–255, 128 + signal; -1 unknown
  std::string address;   // IPv4 address in the host's bridge, empty when there is no network
  std::int64_t memory_bytes = 0;
  // Traces found, whatever the state.
  bool container = false;
  bool mounts = false;
  bool network = false;
  bool cgroup = false;
  bool run_dir = false;
};

class Runtime {
 public:
  virtual ~Runtime() = default;
  // "runc", "fake".
  [[nodiscard]] virtual std::string_view name() const = 0;

  // Makes what phones share on this host (bridge, firewall); create() needs it done.
  [[nodiscard]] virtual Status up() = 0;
  // Removes every phone of this instance and then what they shared. Nothing of ours is left.
  [[nodiscard]] virtual Status down() = 0;

  // Absent → created. A phone that exists already is left as it is, whatever its state.
  // kInvalid names the field; what a crash left of it is removed first.
  [[nodiscard]] virtual Status create(const PhoneSpec& spec) = 0;
  // Created → running. Running or frozen: nothing. Stopped: kExists ("remove it first").
  [[nodiscard]] virtual Status start(std::string_view id) = 0;
  // SIGTERM, then SIGKILL after `grace`; returns when it has ended. Frozen phones are thawed first.
  [[nodiscard]] virtual Status stop(std::string_view id, std::chrono::milliseconds grace) = 0;
  [[nodiscard]] virtual Status kill(std::string_view id) = 0;
  [[nodiscard]] virtual Status freeze(std::string_view id) = 0;  // running → frozen
  [[nodiscard]] virtual Status thaw(std::string_view id) = 0;    // frozen → running
  // Kills it if need be and removes every trace but `data_dir`; works from traces alone, with any
  // part of them missing, so it also clears up what a crash left. Absent: nothing.
  [[nodiscard]] virtual Status remove(std::string_view id) = 0;

  // Every phone of this instance that has left any trace, by id.
  [[nodiscard]] virtual Result<std::vector<ContainerInfo>> list() = 0;
  // kAbsent when there is none: asking is no error.
  [[nodiscard]] virtual Result<ContainerInfo> inspect(std::string_view id) = 0;
  // The newest `max_bytes` of what the phone wrote to stdout and stderr; kNotFound when absent.
  [[nodiscard]] virtual Result<std::string> read_log(std::string_view id,
                                                     std::size_t max_bytes) = 0;
};

// Bounds and shapes of every field, before anything is made. Errors name the field.
[[nodiscard]] Status validate(const PhoneSpec& spec);
// 1–40 of [a-z0-9-].
[[nodiscard]] Status validate_phone_id(std::string_view id);

}  // namespace rp
