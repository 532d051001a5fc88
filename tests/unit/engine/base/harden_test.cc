// Goal: after harden() what the engine does still works, and what an intruder would do does not.
// Method: each case in a child process, which answers through its exit code; as root the change of
// user is tried too, otherwise that case is skipped.
#include "engine/base/harden.h"

#include <fcntl.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "engine/base/event_loop.h"
#include "engine/base/socket_stream.h"
#include "tests/support/emulation.h"

namespace rp {
namespace {

constexpr int kNotHardened = 100;
constexpr int kCrashed = 101;
constexpr const char* kNotUnderQemu =
    "user-mode QEMU has a thread of its own, which harden() refuses, and no system call filters";

// The exit code of a child that hardens itself and runs `body`.
int in_hardened_child(const HardenOptions& options, const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    const Status status = harden(options);
    if (!status) {
      const std::string text = status.error().message() + "\n";
      [[maybe_unused]] const auto put = ::write(2, text.data(), text.size());
      ::_exit(kNotHardened);
    }
    ::_exit(body());
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : kCrashed;
}

// 0 when the call failed with EPERM, 1 when it worked, 2 when it failed otherwise.
int denied(long result) { return result >= 0 ? 1 : errno == EPERM ? 0 : 2; }

constexpr int kTlsLevel = 282;  // SOL_TLS

long read_tls_keys() {
  auto pair = socket_pair();
  char keys[64];
  socklen_t length = sizeof keys;
  return pair ? ::getsockopt(pair->first.get(), kTlsLevel, TLS_TX, keys, &length) : 0;
}

struct Forbidden {
  const char* name;
  std::function<long()> call;
};

TEST(HardenTest, ForbiddenCallsAreDenied) {
  if (emulated()) GTEST_SKIP() << kNotUnderQemu;
  const Forbidden cases[] = {
      {"execve",
       [] {
         const char* const none[] = {"/bin/true", nullptr};
         return ::execve("/bin/true", const_cast<char**>(none), const_cast<char**>(none + 1));
       }},
      {"fork", [] { return static_cast<long>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }},
      {"ptrace", [] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }},
      {"mount", [] { return ::mount("none", "/tmp", "tmpfs", 0, nullptr); }},
      {"unshare", [] { return ::unshare(CLONE_NEWUSER); }},
      {"packet socket", [] { return ::socket(AF_PACKET, SOCK_RAW, 0); }},
      {"netlink socket", [] { return ::socket(AF_NETLINK, SOCK_RAW, 0); }},
      {"bpf", [] { return ::syscall(SYS_bpf, 0, nullptr, 0); }},
      {"io_uring", [] { return ::syscall(SYS_io_uring_setup, 1, nullptr); }},
      {"keyctl", [] { return ::syscall(SYS_keyctl, 0, 0, 0, 0, 0); }},
      {"kill", [] { return ::kill(::getppid(), 0); }},
      {"raise limits",
       [] {
         const rlimit limit{1, 1};
         return ::setrlimit(RLIMIT_NOFILE, &limit);
       }},
      {"undumpable", [] { return ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }},
      {"TLS in the kernel",
       [] {
         auto pair = socket_pair();
         return pair ? ::setsockopt(pair->first.get(), IPPROTO_TCP, TCP_ULP, "tls", 4) : 0L;
       }},
      {"TLS keys to the kernel",
       [] {
         auto pair = socket_pair();
         return pair ? ::setsockopt(pair->first.get(), kTlsLevel, TLS_TX, "", 0) : 0L;
       }},
      {"a socket's TLS keys", [] { return read_tls_keys(); }},
      {"another level's options",
       [] {
         auto pair = socket_pair();
         return pair ? ::setsockopt(pair->first.get(), IPPROTO_UDP, 1, "", 0) : 0L;
       }},
      {"terminal input", [] { return ::ioctl(0, TIOCSTI, "x"); }},
      {"executable mmap",
       [] {
         void* at =
             ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
         return at == MAP_FAILED ? -1L : 0L;
       }},
      {"executable mprotect",
       [] {
         void* at =
             ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
         return at == MAP_FAILED ? 0L : ::mprotect(at, 4096, PROT_READ | PROT_EXEC);
       }},
  };
  for (const Forbidden& forbidden : cases) {
    EXPECT_EQ(in_hardened_child({}, [&] { return denied(forbidden.call()); }), 0) << forbidden.name;
  }
}

int pass_descriptor() {
  auto pair = socket_pair();
  if (!pair) return 1;
  auto memory = create_memory_file("test", 4096);
  if (!memory) return 2;
  void* at = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory->get(), 0);
  if (at == MAP_FAILED) return 3;
  char byte = 'x';
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = memory->get();
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  if (::sendmsg(pair->first.get(), &message, 0) != 1) return 4;
  return ::recvmsg(pair->second.get(), &message, MSG_CMSG_CLOEXEC) == 1 ? 0 : 5;
}

int run_loop_and_thread() {
  const SystemClock clock;
  auto loop = EventLoop::create(clock);
  if (!loop) return 11;
  bool ran = false;
  std::thread other([&] {
    (*loop)->post([&] {
      ran = true;
      (*loop)->stop();
    });
  });
  (*loop)->run();
  other.join();
  return ran ? 0 : 12;
}

TEST(HardenTest, TheEnginesWorkGoesOn) {
  if (emulated()) GTEST_SKIP() << kNotUnderQemu;
  EXPECT_EQ(in_hardened_child({}, pass_descriptor), 0);
  EXPECT_EQ(in_hardened_child({}, run_loop_and_thread), 0);
  EXPECT_EQ(
      in_hardened_child({},
                        [] {
                          const UniqueFd file(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
                          const auto tcp = listen_tcp({"127.0.0.1", 0});
                          return file && tcp ? 0 : 1;
                        }),
      0);
}

TEST(HardenTest, NoPrivilegesAreLeft) {
  if (emulated()) GTEST_SKIP() << kNotUnderQemu;
  EXPECT_EQ(in_hardened_child({.filter_system_calls = false},
                              [] {
                                const cap_t caps = ::cap_get_proc();
                                char* text =
                                    caps != nullptr ? ::cap_to_text(caps, nullptr) : nullptr;
                                if (text == nullptr || std::strcmp(text, "=") != 0) return 1;
                                return 0;
                              }),
            0)
      << "the capability sets must be empty";
  EXPECT_EQ(in_hardened_child({.filter_system_calls = false},
                              [] {
                                return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
                                               ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
                                           ? 0
                                           : 1;
                              }),
            0);
}

TEST(HardenTest, BecomesTheUser) {
  if (emulated()) GTEST_SKIP() << kNotUnderQemu;
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to change the user";
  EXPECT_EQ(in_hardened_child({.user = "nobody", .filter_system_calls = false},
                              [] {
                                if (::getuid() == 0 || ::geteuid() == 0 || ::getgid() == 0)
                                  return 1;
                                if (::getgroups(0, nullptr) != 0) return 2;
                                return ::setresuid(0, 0, 0) == 0 ? 3 : 0;
                              }),
            0);
  EXPECT_EQ(in_hardened_child({.user = "no-such-user-here"}, [] { return 0; }), kNotHardened);
  EXPECT_EQ(in_hardened_child({.user = "root"}, [] { return 0; }), kNotHardened);
  EXPECT_EQ(in_hardened_child({.user = "nobody", .groups = {"no-such-group"}}, [] { return 0; }),
            kNotHardened);
}

TEST(HardenTest, EndsWithTheParentAsAnotherUserToo) {
  if (emulated()) GTEST_SKIP() << kNotUnderQemu;
  const auto signal_at_parents_death = [] {
    int number = 0;
    return ::prctl(PR_GET_PDEATHSIG, &number, 0, 0, 0) == 0 ? number : -1;
  };
  HardenOptions options{.end_with_parent = true, .filter_system_calls = false};
  if (::geteuid() == 0) options.user = "nobody";
  EXPECT_EQ(in_hardened_child(options, signal_at_parents_death), SIGTERM);
  options.end_with_parent = false;
  EXPECT_EQ(in_hardened_child(options, signal_at_parents_death), 0);
}

TEST(HardenTest, RefusesWhenThreadsRun) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::thread([] { ::pause(); }).detach();
    const Status status = harden({});
    ::_exit(!status && status.error().code == ErrorCode::kExists ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(HardenTest, OptionsOpenWhatTheySay) {
  if (emulated()) GTEST_SKIP() << kNotUnderQemu;
  const HardenOptions open{.device_ioctls = true, .executable_memory = true};
  EXPECT_EQ(in_hardened_child(open,
                              [] {
                                void* at = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC,
                                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                                if (at == MAP_FAILED) return 1;
                                // Nobody knows this request, but it gets through to the driver.
                                return ::ioctl(0, 0xdeadbeef, nullptr) == -1 && errno != EPERM ? 0
                                                                                               : 2;
                              }),
            0);
}

TEST(HardenTest, ADriverMayNameItsRequests) {
  if (emulated()) GTEST_SKIP() << kNotUnderQemu;
  EXPECT_EQ(in_hardened_child({.ioctls = {0xdeadbeef}},
                              [] {
                                // Nobody knows these requests; one gets through to the driver.
                                const auto refused = [](unsigned long request) {
                                  return ::ioctl(0, request, nullptr) == -1 && errno == EPERM;
                                };
                                return !refused(0xdeadbeef) && refused(0xdeadbef0) ? 0 : 1;
                              }),
            0);
}

// What the engine's own connections need goes on, and with kernel_tls the kernel's TLS is asked (a
// unix socket has none to give).
TEST(HardenTest, SocketOptionsThatAreNeeded) {
  const auto options = [] {
    auto tcp = listen_tcp({"127.0.0.1", 0});
    const int on = 1;
    tcp_info info{};
    socklen_t length = sizeof info;
    return tcp && ::setsockopt(tcp->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
                   ::setsockopt(tcp->get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &on, sizeof on) == 0 &&
                   ::getsockopt(tcp->get(), IPPROTO_TCP, TCP_INFO, &info, &length) == 0
               ? 0
               : 1;
  };
  EXPECT_EQ(in_hardened_child({}, options), 0);
  const auto kernel_tls = [] {
    auto pair = socket_pair();
    if (!pair) return 1;
    const int fd = pair->first.get();
    if (::setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 4) == 0 || errno == EPERM) return 2;
    if (::setsockopt(fd, kTlsLevel, TLS_TX, "", 0) == 0 || errno == EPERM) return 3;
    if (::setsockopt(fd, kTlsLevel, TLS_RX, "", 0) == 0 || errno == EPERM) return 4;
    // Not even then.
    return read_tls_keys() < 0 && errno == EPERM ? 0 : 5;
  };
  EXPECT_EQ(in_hardened_child({.kernel_tls = true}, kernel_tls), 0);
}

}  // namespace
}  // namespace rp
