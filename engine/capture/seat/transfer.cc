#include "engine/capture/seat/transfer.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "engine/base/limits.h"

namespace rp {
namespace {

// One turn moves at most this much, so that a fast client does not hold up the display.
constexpr std::size_t kPerTurnBytes = 64 * 1024;

bool make_non_blocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

// A pseudo-terminal's end, by its number (Linux: admin-guide/devices.txt): an ioctl would ask a
// driver.
bool is_pseudo_terminal(const struct stat& info) {
  const unsigned number = major(info.st_rdev);
  const bool multiplexer = number == 5 && minor(info.st_rdev) == 2;
  return S_ISCHR(info.st_mode) && (multiplexer || (number >= 136 && number <= 143));
}

// What never blocks a non-blocking writer. Some terminals have pastes written to their pty at once.
bool is_harmless(int fd) {
  struct stat info {};
  return fstat(fd, &info) == 0 &&
         (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode) || is_pseudo_terminal(info));
}

}  // namespace

Result<Pipe> create_transfer_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe2");
  Pipe made{UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (!make_non_blocking(made.read.get())) return fail_errno("fcntl pipe");
  return made;
}

Result<std::unique_ptr<ReadTransfer>> ReadTransfer::start(EventLoop& loop, UniqueFd fd, Done done) {
  std::unique_ptr<ReadTransfer> made(new ReadTransfer(std::move(fd), std::move(done)));
  ReadTransfer* self = made.get();
  RP_ASSIGN(made->watch_,
            loop.watch(made->fd_.get(), EPOLLIN, [self](std::uint32_t) { self->read_some(); }));
  made->deadline_ = loop.timer(
      [self] { self->finish(fail(ErrorCode::kTimeout, "read selection: deadline passed")); });
  made->deadline_.arm_after(kTransferDeadline);
  return made;
}

void ReadTransfer::read_some() {
  const std::size_t before = data_.size();
  data_.resize(before + kPerTurnBytes);
  const ssize_t n = read(fd_.get(), data_.data() + before, kPerTurnBytes);
  const int error = errno;
  data_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  if (n < 0 && (error == EAGAIN || error == EINTR)) return;
  if (n < 0) return finish(fail_errno(error, "read selection"));
  if (n == 0) return finish(std::move(data_));
  if (data_.size() > limits::kMaxClipboardBytes) {
    finish(fail(ErrorCode::kExhausted, "read selection: larger than the clipboard may be"));
  }
}

void ReadTransfer::finish(Result<std::string> result) {
  watch_.reset();
  deadline_.cancel();
  fd_.reset();
  const Done done = std::move(done_);
  done(std::move(result));
}

struct WriteTransfers::One {
  ~One() {
    // The open file is the client's as well: it gets it back as it was.
    watch.reset();
    if (fd) fcntl(fd.get(), F_SETFL, flags);
  }

  UniqueFd fd;
  int flags = 0;
  std::shared_ptr<const std::string> text;
  std::size_t done = 0;
  EventLoop::Watch watch;
  EventLoop::Timer deadline;
};

WriteTransfers::WriteTransfers(EventLoop& loop) : loop_(loop) {}
WriteTransfers::~WriteTransfers() = default;

void WriteTransfers::start(UniqueFd fd, std::shared_ptr<const std::string> text) {
  if (running_.size() >= limits::kMaxTransfers || !is_harmless(fd.get())) {
    return;
  }
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0 || !make_non_blocking(fd.get())) return;
  auto made = std::make_unique<One>();
  made->flags = flags;
  One* one = made.get();
  one->fd = std::move(fd);
  one->text = std::move(text);
  auto watch =
      loop_.watch(one->fd.get(), EPOLLOUT, [this, one](std::uint32_t) { write_some(*one); });
  if (!watch) return;
  one->watch = std::move(*watch);
  one->deadline = loop_.timer([this, one] { finish(*one); });
  one->deadline.arm_after(kTransferDeadline);
  running_.push_back(std::move(made));
}

void WriteTransfers::write_some(One& one) {
  const std::size_t left = one.text->size() - one.done;
  const ssize_t n = write(one.fd.get(), one.text->data() + one.done, std::min(left, kPerTurnBytes));
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n >= 0) one.done += static_cast<std::size_t>(n);
  if (n < 0 || one.done == one.text->size()) finish(one);
}

void WriteTransfers::finish(One& one) {
  std::erase_if(running_, [&](const auto& running) { return running.get() == &one; });
}

}  // namespace rp
