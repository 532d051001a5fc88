#include "drivers/v4l2/device.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "engine/base/unique_fd.h"
#include "engine/frame/cpu_access.h"

namespace rp::v4l2 {
namespace {

class KernelDevice final : public Device {
 public:
  KernelDevice(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Status control(unsigned long request, void* argument, const char* operation) override {
    int result = 0;
    do {
      result = ::ioctl(fd_.get(), request, argument);
    } while (result < 0 && errno == EINTR);
    if (result < 0) return fail_errno(std::string(operation) + " " + path_);
    return {};
  }

  Result<std::span<std::uint8_t>> map(std::size_t length_bytes, std::int64_t offset) override {
    RP_ASSIGN(PixelMapping mapping, PixelMapping::of_device(fd_.get(), length_bytes, offset));
    mapped_.push_back(std::move(mapping));
    return std::span(mapped_.back().data(), length_bytes);
  }

  void unmap(std::span<std::uint8_t> memory) override {
    std::erase_if(mapped_, [&](const PixelMapping& one) { return one.data() == memory.data(); });
  }

  [[nodiscard]] int descriptor() const override { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::string path_;
  std::vector<PixelMapping> mapped_;
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
