// UniqueFd: the one owner of a file descriptor. Every descriptor in the project is held by one, and
// every one is opened with O_CLOEXEC. Thread rule: a plain value.
#pragma once

#include <unistd.h>

#include <utility>

#include "engine/base/result.h"

namespace rp {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(std::exchange(other.fd_, -1));
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0 && fd_ != fd) ::close(fd_);
    fd_ = fd;
  }

  // A second descriptor of the same open file, close-on-exec.
  [[nodiscard]] Result<UniqueFd> duplicate() const;

 private:
  int fd_ = -1;
};

// A sealed-size anonymous file of `size_bytes`, for shared memory handed to another process.
[[nodiscard]] Result<UniqueFd> create_memory_file(const char* name, std::size_t size_bytes);

}  // namespace rp
