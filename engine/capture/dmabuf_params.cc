#include "engine/capture/dmabuf_params.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include <wayland-server-protocol.h>

#include "engine/base/limits.h"
#include "engine/capture/compositor.h"
#include "engine/capture/dmabuf.h"
#include "engine/capture/dmabuf_buffer.h"
#include "engine/capture/resource.h"
#include "engine/frame/pixel_layout.h"
#include "protocol/linux-dmabuf-unstable-v1-server.h"

namespace rp {
namespace {

const struct wl_buffer_interface kBuffer = {.destroy = destroy_resource};

bool is_same_file(int a, int b) {
  struct stat first {};
  struct stat second {};
  return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

class Params {
 public:
  Params(wl_resource* resource, DmabufGlobal& global)
      : resource_(resource),
        global_(global),
        record_(ClientRecord::of(wl_resource_get_client(resource))) {}
  ~Params() { record_.dmabuf_fds -= fds_; }
  Params(const Params&) = delete;
  Params& operator=(const Params&) = delete;

  void add(UniqueFd fd, std::uint32_t plane, std::uint32_t offset, std::uint32_t stride,
           std::uint64_t modifier);
  // `id` is 0 for create, which answers with an event, else the new wl_buffer's.
  void create(std::uint32_t id, Size size, std::uint32_t format, std::uint32_t flags);

 private:
  struct Added {
    UniqueFd fd;
    std::uint32_t offset_bytes = 0;
    std::uint32_t stride_bytes = 0;
    std::uint64_t modifier = 0;
  };
  // False, with the error posted.
  bool error(std::uint32_t code, const char* text) {
    wl_resource_post_error(resource_, code, "%s", text);
    return false;
  }
  [[nodiscard]] bool check(Size size, FourCc format);
  [[nodiscard]] bool check_format(FourCc format);
  [[nodiscard]] bool check_bounds(Size size, const PixelLayout& layout);
  [[nodiscard]] bool importable(std::uint32_t flags) const;
  void refuse(std::uint32_t id);

  wl_resource* resource_;
  DmabufGlobal& global_;
  ClientRecord& record_;
  std::size_t fds_ = 0;
  bool used_ = false;
  std::array<Added, 4> planes_;
  int plane_count_ = 0;  // of the format and its modifier
};

void Params::add(UniqueFd fd, std::uint32_t plane, std::uint32_t offset, std::uint32_t stride,
                 std::uint64_t modifier) {
  if (used_) {
    error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_ALREADY_USED, "params were used already");
  } else if (plane >= planes_.size()) {
    error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_PLANE_IDX, "plane index is over 3");
  } else if (planes_[plane].fd) {
    error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_PLANE_SET, "plane was set already");
  } else if (record_.take(record_.dmabuf_fds, 1, limits::kMaxDmabufFdsPerClient,
                          "dma-buf descriptors of one client")) {
    ++fds_;
    planes_[plane] = {std::move(fd), offset, stride, modifier};
  }
}

// What the protocol makes an error of the client.
bool Params::check(Size size, FourCc format) {
  if (used_)
    return error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_ALREADY_USED, "params were used already");
  used_ = true;
  if (!planes_[0].fd) {
    return error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INCOMPLETE, "plane 0 is missing");
  }
  if (!check_format(format)) return false;
  for (int i = 0; i < static_cast<int>(planes_.size()); ++i) {
    if (static_cast<bool>(planes_[static_cast<std::size_t>(i)].fd) == (i < plane_count_)) continue;
    return error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INCOMPLETE,
                 "there are more or fewer planes than the format and its modifier have");
  }
  if (size.empty() || std::max(size.width, size.height) > limits::kMaxBufferSide_px) {
    return error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INVALID_DIMENSIONS,
                 "width or height is out of range");
  }
  return check_bounds(size, *find_pixel_layout(format));
}

bool Params::check_format(FourCc format) {
  const std::uint64_t modifier = planes_[0].modifier;
  const SourceFormat* known = global_.find(format, modifier);
  if (known == nullptr) {
    return error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INVALID_FORMAT,
                 global_.knows(format) ? "the format was not advertised with this modifier"
                                       : "format was not advertised");
  }
  const bool one = std::ranges::all_of(
      planes_, [&](const Added& plane) { return !plane.fd || plane.modifier == modifier; });
  if (!one) {
    return error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INVALID_FORMAT,
                 "the planes have different modifiers");
  }
  plane_count_ = known->plane_count;
  return true;
}

// In an order of a device's own, how far a plane reaches is the device's to say, when it imports
// it: of its rows only the first is asked for here.
bool Params::check_bounds(Size size, const PixelLayout& layout) {
  const bool linear =
      planes_[0].modifier == kModifierLinear || planes_[0].modifier == kModifierInvalid;
  for (int i = 0; i < plane_count_; ++i) {
    const Added& plane = planes_[static_cast<std::size_t>(i)];
    const std::int64_t rows = linear ? layout.rows(i, size.height) : 1;
    const std::int64_t row_bytes = linear ? layout.row_bytes(i, size.width) : 1;
    const std::int64_t stride = plane.stride_bytes;
    const std::int64_t end = plane.offset_bytes + stride * rows;
    const off_t file_bytes = ::lseek(plane.fd.get(), 0, SEEK_END);
    if (stride < row_bytes || end > UINT32_MAX || (file_bytes >= 0 && end > file_bytes)) {
      return error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_OUT_OF_BOUNDS,
                   "a plane does not fit into its memory");
    }
  }
  return true;
}

// Planes in several memories are refused, which clients are told they may meet: nothing here needs
// them, and a reader would have to hold each.
bool Params::importable(std::uint32_t flags) const {
  const int fd = planes_[0].fd.get();
  for (int i = 1; i < plane_count_; ++i) {
    if (!is_same_file(fd, planes_[static_cast<std::size_t>(i)].fd.get())) return false;
  }
  return flags == 0 && DmabufBuffer::cannot_shrink(fd) && ::lseek(fd, 0, SEEK_END) > 0;
}

void Params::refuse(std::uint32_t id) {
  if (id == 0) {
    zwp_linux_buffer_params_v1_send_failed(resource_);
  } else {
    error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INVALID_WL_BUFFER, "the dma-buf cannot be imported");
  }
}

void Params::create(std::uint32_t id, Size size, std::uint32_t format, std::uint32_t flags) {
  if (!check(size, FourCc{format})) return;
  if (!importable(flags)) return refuse(id);
  wl_client* client = wl_resource_get_client(resource_);
  wl_resource* buffer = make_resource(client, wl_buffer_interface, 1, id);
  if (buffer == nullptr) return;
  DmabufLayout layout{.size = size,
                      .format = FourCc{format},
                      .modifier = planes_[0].modifier,
                      .plane_count = plane_count_,
                      .planes = {}};
  for (std::size_t i = 0; i < planes_.size(); ++i) {
    layout.planes[i] = {planes_[i].offset_bytes, planes_[i].stride_bytes};
  }
  auto made =
      std::make_shared<DmabufBuffer>(global_.compositor(), layout, std::move(planes_[0].fd));
  implement(buffer, kBuffer, nullptr);
  DmabufBuffer::tie_to(made, buffer);
  // From here one descriptor is counted with the buffer, and the others are closed.
  made->count_in(record_);
  for (Added& plane : planes_) plane.fd.reset();
  record_.dmabuf_fds -= std::exchange(fds_, 0) - 1;
  if (id == 0) zwp_linux_buffer_params_v1_send_created(resource_, buffer);
}

const struct zwp_linux_buffer_params_v1_interface kParams = {
    .destroy = destroy_resource,
    .add =
        [](wl_client*, wl_resource* r, std::int32_t fd, std::uint32_t plane, std::uint32_t offset,
           std::uint32_t stride, std::uint32_t high, std::uint32_t low) {
          object_of<Params>(r)->add(UniqueFd(fd), plane, offset, stride,
                                    (static_cast<std::uint64_t>(high) << 32U) | low);
        },
    .create =
        [](wl_client*, wl_resource* r, std::int32_t width, std::int32_t height,
           std::uint32_t format, std::uint32_t flags) {
          object_of<Params>(r)->create(0, {width, height}, format, flags);
        },
    .create_immed =
        [](wl_client*, wl_resource* r, std::uint32_t id, std::int32_t width, std::int32_t height,
           std::uint32_t format, std::uint32_t flags) {
          object_of<Params>(r)->create(id, {width, height}, format, flags);
        },
};

}  // namespace

void make_dmabuf_params(DmabufGlobal& global, wl_client* client, wl_resource* dmabuf,
                        std::uint32_t id) {
  make_object<Params>(client, zwp_linux_buffer_params_v1_interface, wl_resource_get_version(dmabuf),
                      id, kParams, global);
}

}  // namespace rp
