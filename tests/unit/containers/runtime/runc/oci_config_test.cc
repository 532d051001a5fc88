// Goal: a phone's container is closed in every way the OCI configuration can say. Method: the
// written config.json is read back and looked at.
#include "containers/runtime/runc/oci_config.h"

#include <set>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "containers/runtime/runc/phone_mounts.h"

namespace rp {
namespace {
using nlohmann::json;

class OciConfigTest : public testing::Test {
 protected:
  OciConfigTest() {
    spec_.id = "p";
    spec_.rootfs = "/image";
    spec_.data_dir = "/data";
    spec_.display_dir = "/display/p";
    spec_.command = {"foot", "--x"};
    spec_.environment = {{"HOME", "/home/phone"}, {"PATH", "/opt"}};
    options_.spec = &spec_;
    options_.phone_dir = "/run/p";
    options_.cgroup = "rackphone-abc/p";
    options_.init = "/usr/bin/tini-static";
    options_.first_id = 0x7000'0000;
    options_.limit_swap = true;
  }
  [[nodiscard]] json config() const { return json::parse(oci_config(options_)); }
  [[nodiscard]] static const json* mount(const json& config, std::string_view target) {
    for (const auto& mount : config["mounts"])
      if (mount["destination"] == target) return &mount;
    return nullptr;
  }

  PhoneSpec spec_;
  OciOptions options_;
};

TEST_F(OciConfigTest, GivesNoPrivileges) {
  const json process = config()["process"];
  EXPECT_EQ(process["noNewPrivileges"], true);
  EXPECT_EQ(process["user"]["uid"], 1000);
  for (const char* set : {"bounding", "effective", "permitted", "ambient"})
    EXPECT_EQ(process["capabilities"][set], json::array()) << set;
  EXPECT_EQ(process["args"], json({"/run/rackphone/init", "-g", "--", "foot", "--x"}));
}

TEST_F(OciConfigTest, HasNamespacesAndIdsOfItsOwn) {
  const json linux = config()["linux"];
  std::set<std::string> types;
  for (const auto& space : linux["namespaces"]) {
    types.insert(space["type"]);
    EXPECT_FALSE(space.contains("path"));
  }
  EXPECT_THAT(types, testing::UnorderedElementsAre("user", "pid", "network", "ipc", "uts", "mount",
                                                   "cgroup"));
  for (const char* map : {"uidMappings", "gidMappings"}) {
    ASSERT_EQ(linux[map].size(), 1U);
    EXPECT_EQ(linux[map][0]["hostID"], 0x7000'0000);
    EXPECT_EQ(linux[map][0]["size"], kIdsPerPhone);
  }
}

TEST_F(OciConfigTest, Limits) {
  spec_.limits = {.pids = 100, .memory_bytes = 64 << 20, .cpu_milli = 1500};
  const json resources = config()["linux"]["resources"];
  EXPECT_EQ(resources["pids"]["limit"], 100);
  EXPECT_EQ(resources["memory"]["limit"], 64 << 20);
  EXPECT_EQ(resources["memory"]["swap"], 64 << 20);
  EXPECT_EQ(resources["cpu"]["quota"], 150'000);
  EXPECT_EQ(resources["cpu"]["period"], 100'000);
  EXPECT_EQ(resources["devices"], json::parse(R"([{"allow":false,"access":"rwm"}])"));
  options_.limit_swap = false;
  EXPECT_FALSE(config()["linux"]["resources"]["memory"].contains("swap"));
}

TEST_F(OciConfigTest, MountsNothingOfTheHostWritable) {
  const json with = config();
  for (const auto& mount : with["mounts"]) {
    if (mount["type"] != "bind") continue;
    EXPECT_THAT(mount["options"], testing::Contains("ro")) << mount;
    EXPECT_THAT(mount["options"], testing::Contains("nosuid")) << mount;
  }
  ASSERT_NE(mount(with, kDisplayDirInPhone), nullptr);
  EXPECT_EQ((*mount(with, kDisplayDirInPhone))["source"], "/display/p");
  spec_.display_dir.clear();
  const json without = config();
  EXPECT_EQ(mount(without, kDisplayDirInPhone), nullptr);
}

TEST_F(OciConfigTest, TheSpecsVariablesWin) {
  const json env = config()["process"]["env"];
  EXPECT_THAT(env, testing::Contains("PATH=/opt"));
  EXPECT_THAT(env, testing::Contains("HOME=/home/phone"));
  EXPECT_THAT(env, testing::Contains("XDG_RUNTIME_DIR=/run/user/1000"));
  EXPECT_THAT(env, testing::Contains("WAYLAND_DISPLAY=/run/rackphone-display/wayland-0"));
  EXPECT_EQ(config()["process"]["cwd"], "/home/phone");
}

TEST_F(OciConfigTest, AllowsSystemCallsByName) {
  const json seccomp = config()["linux"]["seccomp"];
  EXPECT_EQ(seccomp["defaultAction"], "SCMP_ACT_ERRNO");
  std::set<std::string> allowed;
  for (const auto& rule : seccomp["syscalls"]) {
    if (rule["action"] != "SCMP_ACT_ALLOW" || rule.contains("args")) continue;
    for (const auto& name : rule["names"])
      EXPECT_TRUE(allowed.insert(name).second) << name << " is named twice";
  }
  for (const char* name : {"read", "execve", "futex", "mmap", "connect"})
    EXPECT_TRUE(allowed.contains(name)) << name;
  for (const char* name :
       {"mount", "umount2", "unshare", "setns", "bpf", "ptrace", "keyctl", "reboot", "init_module",
        "kexec_load", "userfaultfd", "io_uring_setup", "clone", "clone3", "socket", "pivot_root",
        "open_by_handle_at", "perf_event_open"})
    EXPECT_FALSE(allowed.contains(name)) << name;
}

TEST_F(OciConfigTest, BytesThatAreNotTextDoNotBreakIt) {
  spec_.environment.emplace_back("X", "\xff\xfe\"\n");
  EXPECT_NO_THROW(static_cast<void>(config()));
}

}  // namespace
}  // namespace rp
