#include "engine/base/system_call_filter.h"

#include <linux/dma-buf.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

namespace rp {

namespace {

// Grouped by what the engine needs them for. Names unknown to this architecture are passed over, so
// that one list serves x86-64 and arm64.
constexpr std::array kAllowed = {
    // files of the page, certificates, logs, the sockets' directories
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "lseek",
    "close",
    "close_range",
    "open",
    "openat",
    "openat2",
    "stat",
    "lstat",
    "fstat",
    "newfstatat",
    "statx",
    "statfs",
    "fstatfs",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getdents64",
    "getcwd",
    "umask",
    "mkdir",
    "mkdirat",
    "unlink",
    "unlinkat",
    "rmdir",
    "rename",
    "renameat",
    "renameat2",
    "chmod",
    "fchmod",
    "fchmodat",
    "flock",
    "fsync",
    "fdatasync",
    "fcntl",
    "dup",
    "dup2",
    "dup3",
    "pipe2",
    // waiting
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "eventfd2",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    // peers: TLS over TCP, HTTP and Wayland over unix sockets with descriptors (SCM_RIGHTS); what
    // options they may set is said below
    "socketpair",
    "bind",
    "listen",
    "accept",
    "accept4",
    "connect",
    "getsockname",
    "getpeername",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "recvfrom",
    "recvmsg",
    "recvmmsg",
    "shutdown",
    "sendfile",
    // memory; mmap and mprotect are below
    "memfd_create",
    "ftruncate",
    "fallocate",
    "munmap",
    "mremap",
    "madvise",
    "msync",
    "mincore",
    "mlock",
    "munlock",
    "brk",
    "membarrier",
    // threads; clone is below
    "futex",
    "futex_waitv",
    "get_robust_list",
    "set_robust_list",
    "set_tid_address",
    "rseq",
    "sched_yield",
    "sched_getaffinity",
    "sched_setaffinity",
    "sched_getparam",
    "sched_setparam",
    "sched_getscheduler",
    "sched_setscheduler",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "getpriority",
    "setpriority",
    "exit",
    "exit_group",
    "getcpu",
    "arch_prctl",
    // signals to ourselves
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigpending",
    "rt_sigtimedwait",
    "rt_sigsuspend",
    "sigaltstack",
    "signalfd4",
    "restart_syscall",
    "pause",
    // time, randomness, who and where we are
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "times",
    "getrandom",
    "getpid",
    "gettid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getgroups",
    "getrusage",
    "getrlimit",
    "sysinfo",
    "uname",
};

using Filter = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

class Rules {
 public:
  explicit Rules(scmp_filter_ctx context) : context_(context) {}

  void allow(const char* name) { add(SCMP_ACT_ALLOW, name, {}); }
  void allow(const char* name, std::initializer_list<scmp_arg_cmp> conditions) {
    add(SCMP_ACT_ALLOW, name, conditions);
  }
  void refuse(const char* name, int error) {
    add(SCMP_ACT_ERRNO(static_cast<std::uint32_t>(error)), name, {});
  }
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] const std::string& failed() const { return failed_; }

 private:
  void add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> conditions) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR || number < 0) return;
    const int result = ::seccomp_rule_add_array(
        context_, action, number, static_cast<unsigned>(conditions.size()), conditions.begin());
    if (result == 0 || error_ != 0) return;
    error_ = -result;
    failed_ = name;
  }

  scmp_filter_ctx context_;
  int error_ = 0;
  std::string failed_;
};

constexpr scmp_arg_cmp equals(unsigned argument, scmp_datum_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}
constexpr scmp_arg_cmp has_bits(unsigned argument, scmp_datum_t mask, scmp_datum_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}
// An int argument; what lies above its 32 bits is not looked at by the kernel.
constexpr scmp_arg_cmp int_is(unsigned argument, scmp_datum_t value) {
  return has_bits(argument, 0xffffffffU, value & 0xffffffffU);
}

// TCP's options one by one: TCP_ULP would put other code of the kernel in front of a socket. TLS's
// are set and never asked for, since asking gives the keys to whoever holds the socket.
void add_socket_options(Rules& rules, bool kernel_tls) {
  for (const int level : std::array<int, 4>{SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP}) {
    rules.allow("getsockopt", {int_is(1, static_cast<scmp_datum_t>(level))});
  }
  const auto allow_set = [&](int level, int option) {
    rules.allow("setsockopt", {int_is(1, static_cast<scmp_datum_t>(level)),
                               int_is(2, static_cast<scmp_datum_t>(option))});
  };
  for (const int level : std::array<int, 3>{SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6}) {
    rules.allow("setsockopt", {int_is(1, static_cast<scmp_datum_t>(level))});
  }
  for (const int option : {TCP_NODELAY, TCP_NOTSENT_LOWAT, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL,
                           TCP_KEEPCNT, TCP_QUICKACK, TCP_USER_TIMEOUT}) {
    allow_set(IPPROTO_TCP, option);
  }
  if (!kernel_tls) return;
  allow_set(IPPROTO_TCP, TCP_ULP);
  allow_set(SOL_TLS, TLS_TX);
  allow_set(SOL_TLS, TLS_RX);
}

void add_conditional(Rules& rules, const SystemCallFilterOptions& options) {
  for (const int family : {AF_UNIX, AF_INET, AF_INET6}) {
    rules.allow("socket", {equals(0, static_cast<scmp_datum_t>(family))});
  }
  // Threads, never processes. clone3 hides its flags in memory the filter cannot see: with ENOSYS
  // the C library turns to clone.
  rules.allow("clone", {has_bits(0, CLONE_THREAD, CLONE_THREAD)});
  rules.refuse("clone3", ENOSYS);
  for (const char* name : {"mmap", "mprotect"}) {
    if (options.executable_memory) {
      rules.allow(name);
    } else {
      rules.allow(name, {has_bits(2, PROT_EXEC, 0)});
    }
  }
  if (options.device_ioctls) {
    rules.allow("ioctl");
  } else {
    for (const unsigned long request :
         {static_cast<unsigned long>(FIONBIO), static_cast<unsigned long>(FIONREAD),
          static_cast<unsigned long>(TCGETS), static_cast<unsigned long>(TIOCGWINSZ),
          static_cast<unsigned long>(DMA_BUF_IOCTL_SYNC),
          static_cast<unsigned long>(DMA_BUF_IOCTL_EXPORT_SYNC_FILE)}) {
      rules.allow("ioctl", {int_is(1, request)});
    }
    for (const unsigned long request : options.ioctls) {
      rules.allow("ioctl", {int_is(1, request)});
    }
  }
  add_socket_options(rules, options.kernel_tls);
  rules.allow("prctl", {equals(0, PR_SET_NAME)});
  rules.allow("prctl", {equals(0, PR_GET_NAME)});
  // abort() and pthread_kill(): to ourselves alone. Limits are read, never set.
  rules.allow("tgkill", {equals(0, static_cast<scmp_datum_t>(::getpid()))});
  rules.allow("prlimit64", {equals(0, 0), equals(2, 0)});
}

}  // namespace

Status install_system_call_filter(const SystemCallFilterOptions& options) {
  const Filter filter(::seccomp_init(SCMP_ACT_ERRNO(EPERM)),
                      [](scmp_filter_ctx context) { ::seccomp_release(context); });
  if (filter == nullptr) return fail(ErrorCode::kInternal, "make a system call filter");
  Rules rules(filter.get());
  for (const char* name : kAllowed) rules.allow(name);
  add_conditional(rules, options);
  if (rules.error() != 0) {
    return fail_errno(rules.error(), "allow the system call " + rules.failed());
  }
  const int loaded = ::seccomp_load(filter.get());
  if (loaded == -EINVAL || loaded == -ENOSYS) {
    return fail(ErrorCode::kUnsupported,
                "this kernel has no system call filter (CONFIG_SECCOMP_FILTER)");
  }
  if (loaded != 0) return fail_errno(-loaded, "load the system call filter");
  return {};
}

}  // namespace rp
