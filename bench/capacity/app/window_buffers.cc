#include "bench/capacity/app/window_buffers.h"

#include <sys/mman.h>

#include <algorithm>

#include <wayland-client.h>

#include "engine/base/unique_fd.h"

namespace rp {
namespace {

void release(void* data, wl_buffer* buffer) {
  static_cast<WindowBuffers*>(data)->on_release(buffer);
}
constexpr wl_buffer_listener kBuffer = {release};

void copy(const LoadCanvas& from, const LoadCanvas& to, const Region& region) {
  for (const pixman_box32_t& box : region.boxes()) {
    for (std::int32_t y = box.y1; y < box.y2; ++y)
      std::copy_n(from.at(box.x1, y), box.x2 - box.x1, to.at(box.x1, y));
  }
}

}  // namespace

Result<std::unique_ptr<WindowBuffers>> WindowBuffers::create(wl_shm* shm, Size size,
                                                             std::function<void()> released) {
  std::unique_ptr<WindowBuffers> made(new WindowBuffers(std::move(released)));
  const std::size_t pixels =
      static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  const std::size_t bytes = pixels * 4 * made->buffers_.size();
  RP_ASSIGN(const UniqueFd fd, create_memory_file("rackphone-load", bytes));
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return fail_errno("map buffers");
  made->memory_ = memory;
  made->memory_bytes_ = bytes;
  wl_shm_pool* pool = wl_shm_create_pool(shm, fd.get(), static_cast<std::int32_t>(bytes));
  std::size_t offset = 0;
  for (Buffer& b : made->buffers_) {
    b.canvas = {size, static_cast<std::uint32_t*>(memory) + offset};
    b.buffer = wl_shm_pool_create_buffer(pool, static_cast<std::int32_t>(offset * 4), size.width,
                                         size.height, size.width * 4, WL_SHM_FORMAT_XRGB8888);
    wl_buffer_add_listener(b.buffer, &kBuffer, made.get());
    b.stale.add({0, 0, size.width, size.height});
    offset += pixels;
  }
  wl_shm_pool_destroy(pool);
  return made;
}

WindowBuffers::~WindowBuffers() {
  for (const Buffer& b : buffers_) {
    if (b.buffer != nullptr) wl_buffer_destroy(b.buffer);
  }
  if (memory_ != nullptr) ::munmap(memory_, memory_bytes_);
}

WindowBuffers::Buffer* WindowBuffers::take() {
  // The newest, if it is back: nothing has to be copied into it.
  Buffer* free = newest_ != nullptr && !newest_->busy ? newest_ : nullptr;
  for (Buffer& b : buffers_) {
    if (free == nullptr && !b.busy) free = &b;
  }
  if (free == nullptr) return nullptr;
  if (newest_ != nullptr && free != newest_) {
    copy(newest_->canvas, free->canvas, free->stale);
    free->stale.clear();
  }
  return free;
}

void WindowBuffers::drawn(Buffer& buffer, const Region& damage) {
  buffer.busy = true;
  buffer.stale.clear();
  for (Buffer& b : buffers_) {
    if (&b != &buffer) b.stale.add(damage);
  }
  newest_ = &buffer;
}

void WindowBuffers::on_release(wl_buffer* buffer) {
  for (Buffer& b : buffers_) {
    if (b.buffer == buffer) b.busy = false;
  }
  released_();
}

}  // namespace rp
