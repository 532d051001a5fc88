// WindowBuffers: the shm buffers of one window, all of one size, and which parts of each are older
// than the newest picture. A buffer's pages are touched when it is first drawn into, so a phone
// that never moves has one. Thread rule: one thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "bench/capacity/app/screen.h"
#include "engine/base/result.h"

struct wl_buffer;
struct wl_shm;

namespace rp {

class WindowBuffers {
 public:
  struct Buffer {
    wl_buffer* buffer = nullptr;
    LoadCanvas canvas;
    Region stale;
    bool busy = false;
  };

  // `released` hears whenever the display gives one back.
  [[nodiscard]] static Result<std::unique_ptr<WindowBuffers>> create(
      wl_shm* shm, Size size, std::function<void()> released);
  WindowBuffers(const WindowBuffers&) = delete;
  WindowBuffers& operator=(const WindowBuffers&) = delete;
  ~WindowBuffers();

  // A buffer that holds the newest picture and may be drawn into; null: the display has them all.
  [[nodiscard]] Buffer* take();
  // `buffer` holds the newest picture now; `damage` is what was drawn.
  void drawn(Buffer& buffer, const Region& damage);

  void on_release(wl_buffer* buffer);

 private:
  explicit WindowBuffers(std::function<void()> released) : released_(std::move(released)) {}
  std::function<void()> released_;
  std::array<Buffer, 3> buffers_;
  Buffer* newest_ = nullptr;
  void* memory_ = nullptr;
  std::size_t memory_bytes_ = 0;
};

}  // namespace rp
