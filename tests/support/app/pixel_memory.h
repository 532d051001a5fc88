// PixelMemory: memory of one of a test app's buffers, shared with the display by its descriptor.
// Thread rule: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace rp::testapp {

class PixelMemory {
 public:
  // A memfd, for wl_shm, sealed against shrinking.
  [[nodiscard]] static Result<PixelMemory> shared(std::size_t pixels);
  // Without seals.
  [[nodiscard]] static Result<PixelMemory> unsealed(std::size_t pixels);
  // A dma-buf of the kernel's heap.
  [[nodiscard]] static Result<PixelMemory> of_heap(std::size_t pixels);

  PixelMemory() = default;
  PixelMemory(PixelMemory&& other) noexcept;
  PixelMemory& operator=(PixelMemory&& other) noexcept;
  ~PixelMemory();
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::span<std::uint32_t> pixels() const { return pixels_; }
  // After drawing: devices that do not see the CPU's caches see the pixels. (Before it the
  // display's release of the buffer says that nobody reads it any more.)
  void end_write() const;

 private:
  [[nodiscard]] static Result<PixelMemory> map(UniqueFd fd, std::size_t pixels);

  UniqueFd fd_;
  std::span<std::uint32_t> pixels_;
  bool is_dmabuf_ = false;
};

}  // namespace rp::testapp
