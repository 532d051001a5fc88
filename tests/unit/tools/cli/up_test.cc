// Goal: children are kept alive, end with us and leave their words behind; addresses and checks say
// what is wrong. Method: /bin/sh as a child on a real loop, ports that are really taken.
#include "tools/cli/up/up.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "engine/base/socket_stream.h"
#include "tools/cli/up/checks.h"
#include "tools/cli/up/child.h"

namespace rp {
namespace {

struct ChildTest : testing::Test {
  ChildTest() { std::filesystem::create_directories(folder); }
  ~ChildTest() override { std::filesystem::remove_all(folder); }
  ChildOptions shell(const std::string& script) {
    return {"test", {"/bin/sh", "-c", script}, folder + "/log", folder + "/pid"};
  }
  bool turn_until(const std::function<bool()>& done) {
    const TimePoint end = clock.now() + std::chrono::seconds(20);
    while (!done() && clock.now() < end) loop->run_once(std::chrono::milliseconds(10));
    return done();
  }
  std::string log_text() {
    std::ifstream file(folder + "/log");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string folder = testing::TempDir() + "rp_up_" + std::to_string(::getpid());
  SystemClock clock;
  std::unique_ptr<EventLoop> loop = *EventLoop::create(clock);
};

TEST_F(ChildTest, EndsWithItsStatusAndItsWordsAreKept) {
  int status = -1;
  Child child(*loop, shell("echo one; echo two >&2; exit 7"), [&](int ended) { status = ended; });
  ASSERT_TRUE(child.start());
  ASSERT_TRUE(turn_until([&] { return status >= 0; }));
  EXPECT_EQ(status, 7);
  EXPECT_EQ(child.last_line(), "two");
  EXPECT_EQ(log_text(), "one\ntwo\n");
  EXPECT_FALSE(std::filesystem::exists(folder + "/pid"));
}

TEST_F(ChildTest, IsStartedAgainAfterAKill) {
  std::vector<std::string> said;
  Keeper keeper(*loop, shell("exec sleep 1000"),
                [&](const std::string& text) { said.push_back(text); });
  ASSERT_TRUE(keeper.start());
  pid_t pid = 0;
  std::ifstream(folder + "/pid") >> pid;
  ASSERT_GT(pid, 1);
  const TimePoint killed = clock.now();
  ::kill(pid, SIGKILL);
  ASSERT_TRUE(turn_until([&] { return keeper.restarts() == 1 && keeper.running(); }));
  EXPECT_LT(clock.now() - killed, std::chrono::seconds(1));
  ASSERT_EQ(said.size(), 1u);
  EXPECT_NE(said[0].find("status 137"), std::string::npos);
  keeper.stop(std::chrono::seconds(5));
  EXPECT_TRUE(turn_until([&] { return !keeper.running(); }));
  EXPECT_EQ(keeper.restarts(), 1u);
}

TEST_F(ChildTest, IsKilledWhenItWillNotEnd) {
  Keeper keeper(*loop, shell("trap '' TERM; echo ready; while :; do sleep 0.01; done"),
                [](const auto&) {});
  ASSERT_TRUE(keeper.start());
  ASSERT_TRUE(turn_until([&] { return keeper.child().last_line() == "ready"; }));
  keeper.stop(std::chrono::milliseconds(50));
  EXPECT_TRUE(turn_until([&] { return !keeper.running(); }));
}

TEST_F(ChildTest, AMissingProgramEndsWith127) {
  int status = -1;
  Child child(*loop, {"test", {folder + "/none"}, folder + "/log", folder + "/pid"},
              [&](int ended) { status = ended; });
  ASSERT_TRUE(child.start());
  ASSERT_TRUE(turn_until([&] { return status >= 0; }));
  EXPECT_EQ(status, 127);
}

TEST_F(ChildTest, ALogFileIsTurnedOver) {
  LogFile log(folder + "/small", 100);
  for (int n = 0; n < 50; ++n) log.write("0123456789\n");
  EXPECT_LE(std::filesystem::file_size(folder + "/small"), 120u);
  EXPECT_LE(std::filesystem::file_size(folder + "/small.1"), 120u);
}

TEST(Listen, ReadsAddresses) {
  EXPECT_EQ(parse_listen("0.0.0.0:8443")->port, 8443);
  EXPECT_EQ(parse_listen("[::1]:1")->host, "[::1]");
  EXPECT_EQ(reachable_host(*parse_listen("127.0.0.1:1")), "127.0.0.1");
  EXPECT_FALSE(reachable_host(*parse_listen("0.0.0.0:1")).empty());
  for (const char* bad :
       {"", ":", "8443", "0.0.0.0:", "0.0.0.0:0", "0.0.0.0:65536", "::1:5", "a:1", "[]:1"})
    EXPECT_FALSE(parse_listen(bad)) << bad;
}

TEST(Checks, APortInUseIsSaid) {
  const auto listener = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(listener) << listener.error().message();
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ASSERT_EQ(::getsockname(listener->get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::uint16_t port = ntohs(address.sin_port);
  const Finding taken = check_port({"127.0.0.1", port});
  EXPECT_EQ(taken.grade, Grade::kMissing);
  EXPECT_NE(taken.advice.find("is in use; choose another"), std::string::npos);
  EXPECT_NE(check_port({"192.0.2.1", port}).advice.find("choose an address"), std::string::npos);
}

TEST(Checks, AMissingProgramNamesItsPackage) {
  const Finding finding = check_program("rackphone-no-such-program", "some-package", "tests");
  EXPECT_EQ(finding.grade, Grade::kMissing);
  EXPECT_NE(finding.advice.find("apt-get install some-package"), std::string::npos);
}

TEST(Checks, EachClassOfDevicesIsFoundByItsNode) {
  const std::filesystem::path root = testing::TempDir() + "rp_checks_" + std::to_string(::getpid());
  const auto grades = [&] {
    std::map<std::string, Grade> found;
    for (const Finding& one : check_accelerators(root.string())) {
      EXPECT_EQ(one.grade == Grade::kGood, one.advice.empty()) << one.what;
      found[one.what] = one.grade;
    }
    return found;
  };
  for (const auto& [what, grade] : grades()) EXPECT_EQ(grade, Grade::kCouldBeBetter) << what;
  const std::map<std::string, std::string> nodes = {
      {"kTLS", "proc/net/tls_stat"},       {"render node", "dev/dri/renderD128"},
      {"NVIDIA node", "dev/nvidia0"},      {"V4L2 device", "dev/video0"},
      {"dma-heap", "dev/dma_heap/system"}, {"udmabuf", "dev/udmabuf"},
      {"binder", "proc/filesystems"}};
  for (const auto& [what, node] : nodes) {
    std::filesystem::create_directories((root / node).parent_path());
    std::ofstream(root / node) << "nodev binder";
    EXPECT_EQ(grades().at(what), Grade::kGood) << what;
  }
  EXPECT_EQ(grades().size(), nodes.size());
  std::filesystem::remove_all(root);
}

TEST(Paths, AMissingEngineOrPageIsSaid) {
  UpOptions options;
  options.engine = "/no/such/engine";
  EXPECT_NE(find_paths(options).error().message.find("/no/such/engine"), std::string::npos);
  options.engine = options.controller = "/bin/sh";
  options.web_root = "/no/such/folder";
  EXPECT_NE(find_paths(options).error().message.find("--web-root"), std::string::npos);
}

TEST(Services, ARunFolderWithALiveControllerIsLeftAlone) {
  const Layout layout{testing::TempDir(),
                      testing::TempDir() + "rp_run_" + std::to_string(::getpid())};
  std::filesystem::create_directories(layout.run_dir);
  EXPECT_TRUE(check_no_service(layout)) << "no socket at all";
  {
    const auto controller = listen_unix(layout.controller_socket(), 0600);
    ASSERT_TRUE(controller);
    const auto status = check_no_service(layout);
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message().find("systemctl stop"), std::string::npos);
  }
  EXPECT_TRUE(check_no_service(layout)) << "the socket file of one that was killed";
  std::filesystem::remove_all(layout.run_dir);
}

TEST(User, RootIsRefused) { EXPECT_FALSE(ensure_user("root")); }

}  // namespace
}  // namespace rp
