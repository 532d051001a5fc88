// Instance: the names everything of one RuncRuntime carries, derived from its run directory, so
// that two of them on one host (a test beside the product) never meet.
//
//   tag          6 hex digits of the run directory's hash        a1b2c3
//   bridge       rp-TAG                                          rp-a1b2c3
//   veth         rp-TAG-SLOT, at most 15 bytes; its alias is the phone's id
//   nft tables   inet rp_TAG and bridge rp_TAG
//   container    rp-TAG-PHONE
//   cgroup       rackphone-TAG/PHONE in every hierarchy
//
// and under the run directory: lock, runc/ (runc's own state), phones/PHONE/ (the bundle:
// record.json, config.json, rootfs/ the mounted overlay, layers/, phone.log, init.pid, conmon.pid,
// exit/). Thread rule: a plain value.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace rp {

// A slot is a phone's small number while it exists: it picks the uid range, address and veth.
inline constexpr int kMaxSlots = 4000;

class Instance {
 public:
  explicit Instance(std::string run_dir);

  [[nodiscard]] const std::string& run_dir() const { return run_dir_; }
  [[nodiscard]] const std::string& tag() const { return tag_; }
  [[nodiscard]] std::string bridge() const { return "rp-" + tag_; }
  [[nodiscard]] std::string veth(int slot) const { return veth_prefix() + std::to_string(slot); }
  [[nodiscard]] std::string veth_prefix() const { return "rp-" + tag_ + "-"; }
  [[nodiscard]] std::string table() const { return "rp_" + tag_; }
  // Locally administered, unique per instance and slot.
  [[nodiscard]] std::string mac(int slot) const;
  [[nodiscard]] std::string container(std::string_view id) const;
  [[nodiscard]] std::string cgroup_parent() const { return "rackphone-" + tag_; }
  [[nodiscard]] std::string cgroup(std::string_view id) const;

  [[nodiscard]] std::string runc_root() const { return run_dir_ + "/runc"; }
  [[nodiscard]] std::string phones_dir() const { return run_dir_ + "/phones"; }
  [[nodiscard]] std::string phone_dir(std::string_view id) const;

 private:
  std::string run_dir_;
  std::array<std::uint8_t, 3> hash_{};
  std::string tag_;
};

}  // namespace rp
