// DevicePictures: memory for pictures that one video device reads where they lie: dma-bufs of the
// kernel's heaps, laid out as the device wants its raw buffers (format.h draws it), mapped only
// once the CPU has to write or copy one (map_for_cpu). Where there are no heaps, or the device
// wants its planes apart, plain memory: the encoder then copies. Thread rule: any thread.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "drivers/v4l2/instance.h"
#include "engine/frame/picture_memory.h"

namespace rp::v4l2 {

class DevicePictures final : public PictureAllocator {
 public:
  // Heaps in the order they are tried. One of contiguous memory comes first: every device can read
  // it, even one without an address translation of its own.
  explicit DevicePictures(std::vector<std::string> heaps = {"/dev/dma_heap/linux,cma",
                                                            "/dev/dma_heap/reserved",
                                                            "/dev/dma_heap/system"})
      : heaps_(std::move(heaps)) {}

  // What the device's encoder negotiated for pictures of `size`; of the newest 16 sizes.
  void learn(Size size, const Negotiated& format);
  [[nodiscard]] Result<std::unique_ptr<PictureMemory>> allocate(Size coded, int count) override;

 private:
  std::vector<std::string> heaps_;
  std::mutex mutex_;  // shards share a device; never taken on a frame's way
  std::vector<std::pair<Size, Negotiated>> learnt_;
};

// The one of the device at `path`; lives as long as the process.
[[nodiscard]] DevicePictures& pictures_of(const std::string& path);

}  // namespace rp::v4l2
