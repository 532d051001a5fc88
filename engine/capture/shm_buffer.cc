// Buffers of wl_shm. libwayland maps the pools and survives clients that shrink them: between
// wl_shm_buffer_begin_access and end_access its SIGBUS handler puts zeros in place of what is gone.
// The CPU reads them so whatever happens. A buffer that comes again also becomes a dma-buf for a
// composer that imports those, if its pool is made for it (shm_pools.h).
#include <drm_fourcc.h>

#include <cstring>

#include <wayland-server-core.h>
#include <wayland-server-protocol.h>

#include "engine/base/limits.h"
#include "engine/base/log.h"
#include "engine/capture/client_buffer.h"
#include "engine/capture/compositor.h"
#include "engine/capture/dmabuf.h"
#include "engine/capture/shm_pools.h"
#include "engine/frame/cpu_access.h"
#include "engine/frame/pixel_layout.h"

namespace rp {
namespace {

FourCc fourcc_of(std::uint32_t shm_format) {
  if (shm_format == WL_SHM_FORMAT_ARGB8888) return FourCc{DRM_FORMAT_ARGB8888};
  if (shm_format == WL_SHM_FORMAT_XRGB8888) return FourCc{DRM_FORMAT_XRGB8888};
  return FourCc{shm_format};
}

class ShmBuffer final : public ClientBuffer {
 public:
  ShmBuffer(Compositor& compositor, wl_shm_buffer* shm, ShmPlace place)
      : ClientBuffer(compositor), shm_(shm), place_(std::move(place)) {
    size_ = {wl_shm_buffer_get_width(shm), wl_shm_buffer_get_height(shm)};
    format_ = fourcc_of(wl_shm_buffer_get_format(shm));
    planes_[0].stride_bytes = static_cast<std::uint32_t>(wl_shm_buffer_get_stride(shm));
  }

  const std::uint8_t* begin_cpu_read() override {
    if (shm_ == nullptr) return kept_.get();
    wl_shm_buffer_begin_access(shm_);
    return static_cast<const std::uint8_t*>(wl_shm_buffer_get_data(shm_));
  }

  bool end_cpu_read() override {
    if (shm_ == nullptr) return true;
    // libwayland tells of a fault only by ending the client.
    const std::uint64_t before = compositor().counters().protocol_errors.value();
    wl_shm_buffer_end_access(shm_);
    if (compositor().counters().protocol_errors.value() == before) return true;
    compositor().counters().buffer_faults.add();
    log_limited(LogLevel::kWarning, "display.buffer_fault", {{"phone", compositor().name()}});
    compositor().request_end_of_turn();
    return false;
  }

  void on_commit() override {
    if (dmabuf_ != nullptr) {
      flush_more_cpu_writes(dmabuf_->fd());
    } else if (std::exchange(committed_, true) && !decided_) {
      share();
    }
  }

 private:
  [[nodiscard]] std::size_t bytes() const {
    return planes_[0].stride_bytes * static_cast<std::size_t>(size_.height);
  }

  // A device reads it as an array of them.
  [[nodiscard]] bool lies_on_pixels() const {
    const auto pixel_bytes =
        static_cast<std::uint32_t>(find_pixel_layout(format_)->planes[0].bytes);
    return place_.offset_bytes % pixel_bytes == 0 && planes_[0].stride_bytes % pixel_bytes == 0;
  }

  // One that comes a second time is likely to come often; what is shown once is cheaper to copy.
  void share() {
    ShmPools* pools = compositor().shm_pools();
    if (pools == nullptr || !compositor().dmabuf().imports_linear(format_)) return;
    decided_ = bytes() < ShmPools::kLeastBytes;
    if (decided_ || !lies_on_pixels()) place_ = {};
    if (decided_) return;
    auto made = pools->make_dmabuf(
        place_, {static_cast<const std::uint8_t*>(wl_shm_buffer_get_data(shm_)), bytes()});
    if (!made && made.error().code == ErrorCode::kWouldBlock) return;
    decided_ = true;
    place_ = {};
    if (!made) return;
    dmabuf_ = std::move(*made);
    planes_[0].fd = dmabuf_->fd();
    planes_[0].offset_bytes = dmabuf_->offset_bytes();
  }

  // A client may destroy a wl_buffer that is still shown; the picture stays. The pool's mapping
  // would stay as well, but only a wl_shm_buffer guards reads of it, so the pixels are copied.
  void on_resource_destroyed() override {
    if (in_use() && !ClientRecord::is_leaving(wl_resource_get_client(resource()))) {
      auto kept = std::make_unique_for_overwrite<std::uint8_t[]>(bytes());
      CpuRead read(*this, CpuPlace::kKeep, bytes());
      if (read.pixels() != nullptr) std::memcpy(kept.get(), read.pixels(), bytes());
      (void)read.end();
      kept_ = std::move(kept);
    }
    shm_ = nullptr;
    // The device reads the copy, too, from its next picture on: the client may fill its memory with
    // something else now. For the picture under way the dma-buf stays open.
    place_ = {};
    decided_ = true;
    planes_[0].fd = -1;
    planes_[0].offset_bytes = 0;
    device_import().reset();
  }

  wl_shm_buffer* shm_;
  std::unique_ptr<std::uint8_t[]> kept_;
  ShmPlace place_;  // until it is decided
  bool committed_ = false;
  bool decided_ = false;  // whether it becomes a dma-buf
  std::unique_ptr<ShmDmabuf> dmabuf_;
};

}  // namespace

std::shared_ptr<ClientBuffer> make_shm_buffer(Compositor& compositor, wl_resource* resource) {
  wl_shm_buffer* shm = wl_shm_buffer_get(resource);
  if (shm == nullptr) return nullptr;
  const Size size{wl_shm_buffer_get_width(shm), wl_shm_buffer_get_height(shm)};
  const PixelLayout& layout = *find_pixel_layout(fourcc_of(wl_shm_buffer_get_format(shm)));
  if (size.width > limits::kMaxBufferSide_px || size.height > limits::kMaxBufferSide_px) {
    compositor.end_for_limit(wl_resource_get_client(resource), "sides of a buffer");
    return nullptr;
  }
  // libwayland checks the stride against the width in pixels only.
  if (wl_shm_buffer_get_stride(shm) < layout.row_bytes(0, size.width)) {
    wl_resource_post_error(resource, WL_SHM_ERROR_INVALID_STRIDE, "stride is less than a row");
    return nullptr;
  }
  return std::make_shared<ShmBuffer>(compositor, shm, ShmPools::take_place(resource));
}

void add_shm_formats(wl_display* display) {
  wl_display_add_shm_format(display, WL_SHM_FORMAT_ABGR8888);
  wl_display_add_shm_format(display, WL_SHM_FORMAT_XBGR8888);
  wl_display_add_shm_format(display, WL_SHM_FORMAT_RGB565);
}

}  // namespace rp
