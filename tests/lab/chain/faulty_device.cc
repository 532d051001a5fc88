// Loaded in front of the engine (LD_PRELOAD): of the coded buffers a video device gives back, every
// RP_FAULT_EVERYth comes with the device's error flag, as after a fault in the hardware. The
// kernel's vicodec makes none.
#include <dlfcn.h>
#include <linux/videodev2.h>

#include <atomic>
#include <cstdarg>
#include <cstdlib>

namespace {

using Ioctl = int (*)(int, unsigned long, ...);

bool is_coded(std::uint32_t type) {
  return type == V4L2_BUF_TYPE_VIDEO_CAPTURE || type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
}

bool is_due() {
  static std::atomic<unsigned long> given = 0;
  static const unsigned long every = [] {
    const char* text = std::getenv("RP_FAULT_EVERY");
    return text == nullptr ? 0UL : std::strtoul(text, nullptr, 10);
  }();
  return every != 0 && ++given % every == 0;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int ioctl(int fd, unsigned long request,
                                                            ...) noexcept {
  static const auto next = reinterpret_cast<Ioctl>(::dlsym(RTLD_NEXT, "ioctl"));
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  const int result = next(fd, request, argument);
  if (result != 0 || request != VIDIOC_DQBUF) return result;
  auto* buffer = static_cast<v4l2_buffer*>(argument);
  if (is_coded(buffer->type) && is_due()) buffer->flags |= V4L2_BUF_FLAG_ERROR;
  return result;
}
