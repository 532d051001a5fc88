// RuncRuntime: phones as OCI containers run by runc, each watched by conmon, which keeps its
// bounded log and its exit status and outlives the controller. Everything it knows is in the kernel
// and in its run directory: a new process on the same directory finds all phones again, whole or
// broken. Needs root. Thread rule: as Runtime.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <vector>

#include "containers/runtime/runc/cgroups.h"
#include "containers/runtime/runc/host_network.h"
#include "containers/runtime/runc/instance.h"
#include "containers/runtime/runtime.h"
#include "engine/base/unique_fd.h"

namespace rp {

struct RuncOptions {
  // Made if missing; every folder above it must let anyone pass (mode o+x). At most 60 bytes.
  std::string run_dir = "/run/rackphone/phones";
  std::string subnet;  // "a.b.c.0/20", or empty: the first free one of 10.213.0.0–10.216.255.255
  // Of the first phone's uid range; above what useradd and systemd-nspawn give out.
  std::uint32_t first_id = 0x7000'0000;
};

class RuncRuntime final : public Runtime {
 public:
  // kDenied without root, kNotFound naming the package of a missing program, kExists while another
  // process uses the same run directory.
  [[nodiscard]] static Result<std::unique_ptr<RuncRuntime>> create(const RuncOptions& options);
  ~RuncRuntime() override = default;

  [[nodiscard]] std::string_view name() const override { return "runc"; }
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

 private:
  RuncRuntime(RuncOptions options, UniqueFd lock, std::string init);

  [[nodiscard]] std::mutex& phone_mutex(std::string_view id);
  [[nodiscard]] Cgroups cgroups(std::string_view id) const;
  [[nodiscard]] ContainerInfo describe(std::string_view id) const;
  // The phone, or kNotFound; kLeftover is an error too.
  [[nodiscard]] Result<ContainerInfo> whole(std::string_view id) const;
  [[nodiscard]] Result<int> take_slot(std::string_view id);
  [[nodiscard]] Status build(const PhoneSpec& spec);
  [[nodiscard]] Status write_bundle(const PhoneSpec& spec, int slot) const;
  [[nodiscard]] Status spawn_container(std::string_view id) const;
  [[nodiscard]] Status runc(const char* verb, std::string_view id) const;
  [[nodiscard]] Status end(const ContainerInfo& info, int signal,
                           std::chrono::milliseconds grace) const;
  [[nodiscard]] Status remove_traces(std::string_view id);

  RuncOptions options_;
  UniqueFd lock_;     // held while this process owns the run directory
  std::string init_;  // path of the static init on the host
  Instance instance_;
  std::vector<std::string> hierarchies_;
  HostNetwork network_;
  bool up_ = false;
  std::mutex shared_mutex_;  // slots, up_, and the network as a whole
  std::array<std::mutex, 64> phone_mutexes_;
};

}  // namespace rp
