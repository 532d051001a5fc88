// UdmabufDevice: dma-bufs of memory files by the kernel's /dev/udmabuf (linux/udmabuf.h). It pins
// the pages, 64 MiB of them at most unless its module says otherwise. Thread rule: any thread.
#pragma once

#include <memory>
#include <string>

#include "engine/capture/memfd_device.h"

namespace rp {

class UdmabufDevice final : public MemfdDevice {
 public:
  // Opens `dev`/udmabuf, before rights are given up. kNotFound: the kernel has none; kDenied.
  [[nodiscard]] static Result<std::unique_ptr<UdmabufDevice>> open(const std::string& dev);
  [[nodiscard]] Result<UniqueFd> make_dmabuf(int memfd, MemoryRange range) override;

 private:
  explicit UdmabufDevice(UniqueFd node) : node_(std::move(node)) {}
  UniqueFd node_;
};

}  // namespace rp
