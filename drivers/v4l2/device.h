// V4l2Device: one open video node, and the only way this driver speaks to a kernel. Tests put a
// scripted device in its place (tests/unit/drivers/v4l2/fake_device.h). Thread rule: the shard's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "engine/base/result.h"

namespace rp::v4l2 {

class Device {
 public:
  virtual ~Device() = default;
  // ioctl(2), again when a signal came in between. `operation` names it in errors: "VIDIOC_QBUF".
  [[nodiscard]] virtual Status control(unsigned long request, void* argument,
                                       const char* operation) = 0;
  // Memory of an MMAP buffer, shared with the device; valid until unmap() or the device's end.
  [[nodiscard]] virtual Result<std::span<std::uint8_t>> map(std::size_t length_bytes,
                                                            std::int64_t offset) = 0;
  virtual void unmap(std::span<std::uint8_t> memory) = 0;
  // What to poll: EPOLLIN: a coded buffer is done, EPOLLOUT: a raw one is, EPOLLPRI: an event.
  [[nodiscard]] virtual int descriptor() const = 0;
};

// kNotFound, kDenied, kExhausted (the device has no instance left) or what else open(2) says.
[[nodiscard]] Result<std::unique_ptr<Device>> open_device(const std::string& path);

// Who opens devices: the real one above, or a test's.
using DeviceOpener = std::function<Result<std::unique_ptr<Device>>(const std::string& path)>;

// RP_V4L2(device, VIDIOC_G_FMT, &format): the name comes from the request's.
#define RP_V4L2(device, request, argument) (device).control(request, argument, #request)

}  // namespace rp::v4l2
