#include "drivers/udmabuf/device.h"

#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>

namespace rp {

Result<std::unique_ptr<UdmabufDevice>> UdmabufDevice::open(const std::string& dev) {
  const std::string path = dev + "/udmabuf";
  UniqueFd node(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!node) return fail_errno("open " + path);
  return std::unique_ptr<UdmabufDevice>(new UdmabufDevice(std::move(node)));
}

Result<UniqueFd> UdmabufDevice::make_dmabuf(int memfd, MemoryRange range) {
  udmabuf_create request{};
  request.memfd = static_cast<__u32>(memfd);
  request.flags = UDMABUF_FLAGS_CLOEXEC;
  request.offset = range.offset_bytes;
  request.size = range.size_bytes;
  UniqueFd dmabuf(::ioctl(node_.get(), UDMABUF_CREATE, &request));
  if (!dmabuf) return fail_errno("make a dma-buf of a memory file");
  return dmabuf;
}

}  // namespace rp
