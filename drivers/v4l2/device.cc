#include "drivers/v4l2/device.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "engine/base/unique_fd.h"

namespace rp::v4l2 {
namespace {

class KernelDevice final : public Device {
 public:
  KernelDevice(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  KernelDevice(const KernelDevice&) = delete;
  KernelDevice& operator=(const KernelDevice&) = delete;
  ~KernelDevice() override {
    for (const auto memory : mapped_) ::munmap(memory.data(), memory.size());
  }

  Status control(unsigned long request, void* argument, const char* operation) override {
    int result = 0;
    do {
      result = ::ioctl(fd_.get(), request, argument);
    } while (result < 0 && errno == EINTR);
    if (result < 0) return fail_errno(std::string(operation) + " " + path_);
    return {};
  }

  Result<std::span<std::uint8_t>> map(std::size_t length_bytes, std::int64_t offset) override {
    void* memory = ::mmap(nullptr, length_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(),
                          static_cast<off_t>(offset));
    if (memory == MAP_FAILED) return fail_errno("mmap " + path_);
    mapped_.emplace_back(static_cast<std::uint8_t*>(memory), length_bytes);
    return mapped_.back();
  }

  void unmap(std::span<std::uint8_t> memory) override {
    const auto found = std::ranges::find(mapped_, memory.data(),
                                         [](std::span<std::uint8_t> m) { return m.data(); });
    if (found == mapped_.end()) return;
    ::munmap(found->data(), found->size());
    mapped_.erase(found);
  }

  [[nodiscard]] int descriptor() const override { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::string path_;
  std::vector<std::span<std::uint8_t>> mapped_;
};

}  // namespace

Result<std::unique_ptr<Device>> open_device(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) {
    const int error = errno;
    // Drivers for hardware with a fixed number of instances refuse the open itself.
    if (error == EBUSY || error == ENOSPC || error == EUSERS) {
      return std::unexpected(Error{ErrorCode::kExhausted, error, "open " + path});
    }
    return fail_errno(error, "open " + path);
  }
  return std::make_unique<KernelDevice>(std::move(fd), path);
}

}  // namespace rp::v4l2
