// Goal: what only real containers can show: phones reach neither each other nor the host but do
// reach the outside; they have no privileges; limits hold; and whatever part of a phone a crash
// leaves is found and removed. Method: busybox phones under runc, with a network namespace that
// plays the outside.
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <set>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>

#include "containers/runtime/runc/bundle_files.h"
#include "containers/runtime/runc/phone_mounts.h"
#include "engine/base/subprocess.h"
#include "tests/contract/runtime/runc_bench.h"

namespace rp {
namespace {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kForever = "while :; do sleep 1; done";

class RuncIsolation : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = RuncBench::missing(); !missing.empty()) GTEST_SKIP() << missing;
    bench_ = std::make_unique<RuncBench>();
    const Status status = runtime().up();
    ASSERT_TRUE(status) << status.error().message();
  }

  [[nodiscard]] Runtime& runtime() { return bench_->runtime(); }
  void run(const PhoneSpec& spec) {
    const Status created = runtime().create(spec);
    ASSERT_TRUE(created) << created.error().message();
    const Status started = runtime().start(spec.id);
    ASSERT_TRUE(started) << started.error().message();
  }
  void run(const std::string& id, const std::string& script) { run(bench_->spec(id, script)); }
  // The log of a phone that runs `script` to its end.
  std::string output(const std::string& id, const std::string& script) {
    run(id, script + "\necho THE END");
    return wait_for_log(runtime(), id, "THE END");
  }
  [[nodiscard]] std::string address(const std::string& id) {
    return runtime().inspect(id)->address;
  }

  std::unique_ptr<RuncBench> bench_;
};

// A network namespace joined to the host by a veth, with a web server: the outside.
class Outside {
 public:
  explicit Outside(const std::string& tag) : host_("rpo" + tag), name_("rpt" + tag) {
    must({"ip", "netns", "add", name_});
    must({"ip", "link", "add", host_, "type", "veth", "peer", "name", "eth0", "netns", name_});
    must({"ip", "address", "add", "198.51.100.1/24", "dev", host_});
    must({"ip", "link", "set", host_, "up"});
    must({"ip", "-n", name_, "address", "add", "198.51.100.2/24", "dev", "eth0"});
    must({"ip", "-n", name_, "link", "set", "eth0", "up"});
    must({"ip", "-n", name_, "link", "set", "lo", "up"});
    // No route back to the phones: answers only come because the host masquerades.
    must({"ip", "netns", "exec", name_, "sh", "-c",
          "while :; do echo hello from outside | busybox nc -l -p 8080; done </dev/null "
          ">/dev/null 2>&1 & echo $! > /run/" +
              name_ + ".pid"});
  }
  ~Outside() {
    const std::string pids = run_checked({"ip", "netns", "pids", name_}).value_or("");
    std::istringstream list(pids);
    for (pid_t pid = 0; list >> pid;) ::kill(pid, SIGKILL);
    fs::remove("/run/" + name_ + ".pid");
    (void)run_checked({"ip", "netns", "del", name_});
    (void)run_checked({"ip", "link", "del", host_});
  }
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

 private:
  static void must(std::vector<std::string> argv) {
    const auto done = run_checked(std::move(argv));
    ASSERT_TRUE(done) << done.error().message();
  }
  std::string host_;
  std::string name_;
};

TEST_F(RuncIsolation, PhonesReachTheOutsideOnly) {
  const Outside outside(bench_->instance().tag());
  run("server", "while :; do echo secret of server | nc -l -p 8080; done");
  const std::string peer = address("server");
  const std::string gateway = peer.substr(0, peer.rfind('.')) + ".1";
  // The host listens on all its addresses; the phone must not get through to any of them.
  const std::string note = bench_->folder() + "/host.pid";
  std::thread host([&] {
    (void)run_command(
        {.argv = {"sh", "-c",
                  "echo $$ > " + note +
                      "; while :; do echo secret of host | busybox nc -l -p 8081; done"},
         .deadline = 120s});
  });
  const std::string log = output(
      "client",
      "for i in 1 2 3 4 5; do nc -w 3 198.51.100.2 8080 </dev/null && break; sleep 0.2; done\n"
      "nc -w 1 " +
          peer +
          " 8080 </dev/null && echo REACHED PEER\n"
          "nc -w 1 " +
          gateway +
          " 8081 </dev/null && echo REACHED HOST\n"
          "nc -w 1 198.51.100.1 8081 </dev/null && echo REACHED HOST\n"
          "ping -c 1 -W 1 " +
          peer +
          " && echo REACHED PEER\n"
          "ping -c 1 -W 1 " +
          gateway +
          " && echo REACHED HOST\n"
          "cat /etc/resolv.conf\n");
  EXPECT_THAT(log, HasSubstr("hello from outside"));
  EXPECT_THAT(log, Not(HasSubstr("REACHED")));
  EXPECT_THAT(log, Not(HasSubstr("secret")));
  EXPECT_THAT(log, Not(HasSubstr("nameserver 127.")));
  // And nothing comes in from the outside.
  const auto knock = run_command({.argv = {"ip", "netns", "exec", "rpt" + bench_->instance().tag(),
                                           "busybox", "nc", "-w", "1", peer, "8080"}});
  ASSERT_TRUE(knock);
  EXPECT_THAT(knock->out, Not(HasSubstr("secret")));
  ASSERT_TRUE(runtime().kill("server"));
  ::kill(-read_number(note).value_or(0x7fffffff), SIGKILL);
  host.join();
}

TEST_F(RuncIsolation, HasNoPrivileges) {
  const std::string log =
      output("p",
             "grep -E 'CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|^Seccomp:' /proc/self/status\n"
             "id -u\n"
             "mount -t tmpfs x /tmp 2>/dev/null && echo MOUNTED\n"
             "unshare -U true 2>/dev/null && echo UNSHARED\n"
             "unshare -m true 2>/dev/null && echo UNSHARED\n"
             "echo 1 2>/dev/null > /proc/sys/kernel/core_pattern && echo WROTE PROC\n"
             "chroot / true 2>/dev/null && echo CHROOTED\n"
             "mknod /tmp/sda b 8 0 2>/dev/null && echo MADE DEVICE\n"
             "ls /sys/fs/cgroup | head -3; ls /dev | tr '\\n' ' '\n"
             "head -c 24 /proc/1/cmdline | tr '\\0' ' '; echo\n"
             "ls /proc | grep -c '^[0-9]'\n");
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    EXPECT_THAT(log, HasSubstr(std::string(set) + ":\t0000000000000000"));
  EXPECT_THAT(log, HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(log, HasSubstr("Seccomp:\t2"));
  EXPECT_THAT(log, HasSubstr(" 1000\n"));
  EXPECT_THAT(log, HasSubstr("/run/rackphone/init"));
  for (const char* bad : {"MOUNTED", "UNSHARED", "WROTE", "CHROOTED", "MADE"})
    EXPECT_THAT(log, Not(HasSubstr(bad)));
}

TEST_F(RuncIsolation, EachPhoneHasItsOwnRangeOfIds) {
  for (const char* id : {"a", "b"})
    run(id, "echo mine > /tmp/x; echo ok; " + std::string(kForever));
  std::set<std::string> owners;
  for (const char* id : {"a", "b"}) {
    (void)wait_for_log(runtime(), id, "ok");
    const pid_t pid = runtime().inspect(id)->init_pid;
    const auto uid = run_checked({"stat", "-c", "%u", "/proc/" + std::to_string(pid)});
    ASSERT_TRUE(uid);
    EXPECT_GE(std::stoul(*uid), 0x7000'0000UL);
    owners.insert(*uid);
  }
  EXPECT_EQ(owners.size(), 2U);
}

TEST_F(RuncIsolation, WritesToItsOwnLayerAndKeepsItOverRemoval) {
  PhoneSpec spec = bench_->spec("p", "echo kept > /home/note; rm /bin/vi; echo done");
  spec.user = 0;
  run(spec);
  (void)wait_for_log(runtime(), "p", "done");
  ASSERT_TRUE(runtime().remove("p"));
  EXPECT_FALSE(fs::exists(bench_->folder() + "/image/home/note"));
  EXPECT_TRUE(fs::is_symlink(bench_->folder() + "/image/bin/vi"));
  // On disk the files have the image's ids, whatever range the phone had.
  const auto owner = run_checked({"stat", "-c", "%u", spec.data_dir + "/upper/home/note"});
  EXPECT_EQ(owner.value_or("none"), "0\n");
  run("other", kForever);
  spec.command = {"sh", "-c", "cat /home/note; ls /bin/vi; echo done"};
  run(spec);
  const std::string log = wait_for_log(runtime(), "p", "done");
  EXPECT_THAT(log, HasSubstr("kept"));
  EXPECT_THAT(log, Not(HasSubstr(" /bin/vi\n")));
}

TEST_F(RuncIsolation, LimitsHold) {
  PhoneSpec spec = bench_->spec("m", "head -c 200m /dev/zero | tail | wc -c; echo survived");
  spec.limits.memory_bytes = std::int64_t{32} << 20;
  run(spec);
  spec = bench_->spec("n", "i=0; while [ $i -lt 50 ]; do sleep 5 & i=$((i+1)); done; echo ALL 50");
  spec.limits.pids = 20;
  run(spec);
  (void)wait_for_state(runtime(), "n", PhoneState::kStopped);
  EXPECT_THAT(runtime().read_log("n", 10'000).value(), HasSubstr("fork"));
  EXPECT_THAT(runtime().read_log("n", 10'000).value(), Not(HasSubstr("ALL 50")));
  (void)wait_for_log(runtime(), "m", "survived");
  EXPECT_THAT(runtime().read_log("m", 10'000).value(), Not(HasSubstr("209715200")));
}

TEST_F(RuncIsolation, BoundsTheLog) {
  run("p", "yes 0123456789012345678901234567890123456789 | head -c 8000000; echo THE END");
  EXPECT_THAT(wait_for_log(runtime(), "p", "THE END"), HasSubstr("THE END"));
  EXPECT_LE(fs::file_size(bench_->run_dir() + "/phones/p/phone.log"), std::size_t{1} << 20);
}

TEST_F(RuncIsolation, PicksUpPhonesOfAControllerThatWasKilled) {
  run("p", kForever);
  const pid_t before = runtime().inspect("p")->init_pid;
  bench_->restart();
  ASSERT_TRUE(runtime().up());
  const ContainerInfo info = runtime().inspect("p").value();
  EXPECT_EQ(info.state, PhoneState::kRunning);
  EXPECT_EQ(info.init_pid, before);
  ASSERT_TRUE(runtime().create(bench_->spec("q", kForever)));
  EXPECT_NE(runtime().inspect("q")->address, info.address);
  ASSERT_TRUE(runtime().remove("p"));
  EXPECT_EQ(runtime().inspect("p")->state, PhoneState::kAbsent);
}

TEST_F(RuncIsolation, FindsAndRemovesWhateverACrashLeaves) {
  const std::string phone = bench_->run_dir() + "/phones/p";
  const std::string state = bench_->run_dir() + "/runc/" + bench_->instance().container("p");
  const std::function<void()> damages[] = {
      [&] { fs::remove(phone + "/slot"); },
      [&] { fs::remove(phone + "/init.pid"); },
      [&] { fs::remove_all(state); },
      [&] { ASSERT_TRUE(unmount_below(phone)); },
      [&] {
        ASSERT_TRUE(run_checked({"ip", "link", "del", bench_->instance().veth(0)}));
      },
      [&] {
        ASSERT_TRUE(unmount_below(phone));
        fs::remove_all(phone);
        fs::remove_all(state);
      },
  };
  int number = 0;
  for (const auto& damage : damages) {
    SCOPED_TRACE(number++);
    run("p", kForever);
    damage();
    EXPECT_EQ(runtime().inspect("p")->state, PhoneState::kLeftover);
    ASSERT_EQ(runtime().list()->size(), 1U);
    if (number % 2 == 0) {
      ASSERT_TRUE(runtime().remove("p"));
      EXPECT_TRUE(runtime().list()->empty());
    } else {
      // create() clears up by itself.
      run("p", kForever);
      EXPECT_EQ(runtime().inspect("p")->state, PhoneState::kRunning);
      ASSERT_TRUE(runtime().remove("p"));
    }
  }
  const std::string links = run_checked({"ip", "-br", "link"}).value();
  EXPECT_THAT(links, Not(HasSubstr(bench_->instance().veth_prefix())));
}

TEST_F(RuncIsolation, TwoControllersCannotShareARunDirectory) {
  const auto second = RuncRuntime::create({bench_->run_dir(), "", 0x7000'0000});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kExists);
  EXPECT_THAT(second.error().message(), HasSubstr("another controller"));
}

TEST_F(RuncIsolation, DownLeavesNothing) {
  run("p", kForever);
  const Instance instance = bench_->instance();
  ASSERT_TRUE(runtime().down());
  EXPECT_THAT(run_checked({"ip", "-br", "link"}).value(), Not(HasSubstr(instance.bridge())));
  EXPECT_THAT(run_checked({"nft", "list", "tables"}).value(), Not(HasSubstr(instance.table())));
  EXPECT_TRUE(mounts_below(bench_->run_dir()).empty());
  for (const auto& mount : cgroup_hierarchies())
    EXPECT_FALSE(fs::exists(mount + "/" + instance.cgroup_parent())) << mount;
  EXPECT_TRUE(fs::is_empty(bench_->run_dir() + "/phones"));
  EXPECT_TRUE(fs::is_empty(bench_->run_dir() + "/runc"));
}

TEST_F(RuncIsolation, SaysWhatIsWrongInASentence) {
  PhoneSpec spec = bench_->spec("p", "true");
  spec.rootfs = bench_->folder() + "/no-image";
  EXPECT_THAT(runtime().create(spec).error().message(), HasSubstr("build the image first"));
  spec = bench_->spec("p", "true");
  spec.display_dir = bench_->folder() + "/no-display";
  EXPECT_THAT(runtime().create(spec).error().message(), HasSubstr("display_dir"));
  spec = bench_->spec("p", "true");
  spec.command = {"no-such-program"};
  run(spec);
  EXPECT_EQ(wait_for_state(runtime(), "p", PhoneState::kStopped).exit_status, 127);
  EXPECT_THAT(wait_for_log(runtime(), "p", "no-such-program"), HasSubstr("no-such-program"));
}

}  // namespace
}  // namespace rp
