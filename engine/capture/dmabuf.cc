#include "engine/capture/dmabuf.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <array>
#include <cstring>

#include <wayland-server-protocol.h>

#include "engine/base/limits.h"
#include "engine/capture/compositor.h"
#include "engine/capture/dmabuf_buffer.h"
#include "engine/capture/resource.h"
#include "protocol/linux-dmabuf-unstable-v1-server.h"

namespace rp {
namespace {

constexpr int kVersion = 4;
constexpr std::array<std::uint32_t, 6> kFormats = {DRM_FORMAT_XRGB8888, DRM_FORMAT_ARGB8888,
                                                   DRM_FORMAT_XBGR8888, DRM_FORMAT_ABGR8888,
                                                   DRM_FORMAT_RGB565,   DRM_FORMAT_BGR565};

// One row of the format table (linux-dmabuf-unstable-v1.xml, format_table).
struct FormatRow {
  std::uint32_t format;
  std::uint32_t padding;
  std::uint64_t modifier;
};
static_assert(sizeof(FormatRow) == 16);

const struct wl_buffer_interface kBuffer = {.destroy = destroy_resource};

// zwp_linux_buffer_params_v1: planes gathered for one buffer. Only single-plane formats are taken.
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
  void error(std::uint32_t code, const char* text) {
    wl_resource_post_error(resource_, code, "%s", text);
  }
  [[nodiscard]] bool check(Size size, std::uint32_t format);
  [[nodiscard]] bool importable(std::uint32_t flags) const;
  void refuse(std::uint32_t id);

  wl_resource* resource_;
  DmabufGlobal& global_;
  ClientRecord& record_;
  std::size_t fds_ = 0;
  bool used_ = false;
  std::array<UniqueFd, 4> planes_;
  DmabufLayout layout_;
};

void Params::add(UniqueFd fd, std::uint32_t plane, std::uint32_t offset, std::uint32_t stride,
                 std::uint64_t modifier) {
  if (used_) {
    return error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_ALREADY_USED, "params were used already");
  }
  if (plane >= planes_.size()) {
    return error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_PLANE_IDX, "plane index is over 3");
  }
  if (planes_[plane]) {
    return error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_PLANE_SET, "plane was set already");
  }
  if (!record_.take(record_.dmabuf_fds, 1, limits::kMaxDmabufFdsPerClient,
                    "dma-buf descriptors of one client")) {
    return;
  }
  ++fds_;
  planes_[plane] = std::move(fd);
  if (plane != 0) return;
  layout_.offset_bytes = offset;
  layout_.stride_bytes = stride;
  layout_.modifier = modifier;
}

// What the protocol makes an error of the client.
bool Params::check(Size size, std::uint32_t format) {
  if (used_) {
    error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_ALREADY_USED, "params were used already");
    return false;
  }
  used_ = true;
  if (!planes_[0]) {
    error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INCOMPLETE, "plane 0 is missing");
    return false;
  }
  const std::int32_t pixel_bytes = bytes_per_pixel(FourCc{format});
  if (pixel_bytes == 0) {
    error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INVALID_FORMAT, "format was not advertised");
    return false;
  }
  if (planes_[1] || planes_[2] || planes_[3]) {
    error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INCOMPLETE, "the format has one plane");
    return false;
  }
  if (size.empty() || size.width > limits::kMaxBufferSide_px ||
      size.height > limits::kMaxBufferSide_px) {
    error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INVALID_DIMENSIONS, "width or height is out of range");
    return false;
  }
  const std::int64_t end =
      layout_.offset_bytes + static_cast<std::int64_t>(layout_.stride_bytes) * size.height;
  const off_t file_bytes = ::lseek(planes_[0].get(), 0, SEEK_END);
  if (static_cast<std::int64_t>(layout_.stride_bytes) <
          static_cast<std::int64_t>(size.width) * pixel_bytes ||
      end > UINT32_MAX || (file_bytes >= 0 && end > file_bytes)) {
    error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_OUT_OF_BOUNDS, "plane does not fit into its memory");
    return false;
  }
  layout_.size = size;
  layout_.format = FourCc{format};
  return true;
}

bool Params::importable(std::uint32_t flags) const {
  const bool linear = layout_.modifier == kModifierLinear || layout_.modifier == kModifierInvalid;
  return flags == 0 && linear && DmabufBuffer::cannot_shrink(planes_[0].get()) &&
         ::lseek(planes_[0].get(), 0, SEEK_END) > 0;
}

void Params::refuse(std::uint32_t id) {
  if (id == 0) {
    zwp_linux_buffer_params_v1_send_failed(resource_);
  } else {
    error(ZWP_LINUX_BUFFER_PARAMS_V1_ERROR_INVALID_WL_BUFFER, "the dma-buf cannot be imported");
  }
}

void Params::create(std::uint32_t id, Size size, std::uint32_t format, std::uint32_t flags) {
  if (!check(size, format)) return;
  if (!importable(flags)) return refuse(id);
  wl_client* client = wl_resource_get_client(resource_);
  wl_resource* buffer = make_resource(client, wl_buffer_interface, 1, id);
  if (buffer == nullptr) return;
  auto made = std::make_shared<DmabufBuffer>(global_.compositor(), layout_, std::move(planes_[0]));
  implement(buffer, kBuffer, nullptr);
  DmabufBuffer::tie_to(made, buffer);
  // From here the descriptor is counted with the buffer.
  made->count_in(record_);
  fds_ = 0;
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

const struct zwp_linux_dmabuf_feedback_v1_interface kFeedback = {.destroy = destroy_resource};

void get_feedback(wl_client* client, wl_resource* r, std::uint32_t id) {
  wl_resource* feedback =
      make_resource(client, zwp_linux_dmabuf_feedback_v1_interface, wl_resource_get_version(r), id);
  if (feedback == nullptr) return;
  auto* global = object_of<DmabufGlobal>(r);
  implement(feedback, kFeedback, global);
  global->send_feedback(feedback);
}

const struct zwp_linux_dmabuf_v1_interface kDmabuf = {
    .destroy = destroy_resource,
    .create_params =
        [](wl_client* client, wl_resource* r, std::uint32_t id) {
          make_object<Params>(client, zwp_linux_buffer_params_v1_interface,
                              wl_resource_get_version(r), id, kParams, *object_of<DmabufGlobal>(r));
        },
    .get_default_feedback = get_feedback,
    .get_surface_feedback = [](wl_client* client, wl_resource* r, std::uint32_t id,
                               wl_resource* /*surface*/) { get_feedback(client, r, id); },
};

}  // namespace

Status DmabufGlobal::start() {
  std::array<FormatRow, kFormats.size()> rows{};
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = {kFormats[i], 0, kModifierLinear};
  table_bytes_ = sizeof rows;
  table_ = UniqueFd(::memfd_create("rackphone-formats", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!table_ ||
      ::write(table_.get(), rows.data(), table_bytes_) != static_cast<ssize_t>(table_bytes_)) {
    return fail_errno("make the table of dma-buf formats");
  }
  if (::fcntl(table_.get(), F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
    return fail_errno("seal the table of dma-buf formats");
  }
  wl_global_create(compositor_.display(), &zwp_linux_dmabuf_v1_interface, kVersion, this,
                   [](wl_client* client, void* self, std::uint32_t version, std::uint32_t id) {
                     static_cast<DmabufGlobal*>(self)->bind(client, version, id);
                   });
  return {};
}

void DmabufGlobal::bind(wl_client* client, std::uint32_t version, std::uint32_t id) {
  wl_resource* r =
      make_resource(client, zwp_linux_dmabuf_v1_interface, static_cast<int>(version), id);
  if (r == nullptr) return;
  implement(r, kDmabuf, this);
  if (version >= ZWP_LINUX_DMABUF_V1_GET_DEFAULT_FEEDBACK_SINCE_VERSION) return;
  for (const std::uint32_t format : kFormats) {
    if (version < ZWP_LINUX_DMABUF_V1_MODIFIER_SINCE_VERSION) {
      zwp_linux_dmabuf_v1_send_format(r, format);
    } else {
      zwp_linux_dmabuf_v1_send_modifier(r, format, kModifierLinear >> 32U,
                                        kModifierLinear & UINT32_MAX);
    }
  }
}

void DmabufGlobal::send_feedback(wl_resource* feedback) const {
  zwp_linux_dmabuf_feedback_v1_send_format_table(feedback, table_.get(), table_bytes_);
  // No device draws here yet: 0 names none, and clients then allocate what any device can map.
  dev_t device = 0;
  wl_array bytes{sizeof device, sizeof device, &device};
  zwp_linux_dmabuf_feedback_v1_send_main_device(feedback, &bytes);
  zwp_linux_dmabuf_feedback_v1_send_tranche_target_device(feedback, &bytes);
  std::array<std::uint16_t, kFormats.size()> indices{};
  for (std::uint16_t i = 0; i < indices.size(); ++i) indices[i] = i;
  wl_array index_bytes{sizeof indices, sizeof indices, indices.data()};
  zwp_linux_dmabuf_feedback_v1_send_tranche_formats(feedback, &index_bytes);
  zwp_linux_dmabuf_feedback_v1_send_tranche_flags(feedback, 0);
  zwp_linux_dmabuf_feedback_v1_send_tranche_done(feedback);
  zwp_linux_dmabuf_feedback_v1_send_done(feedback);
}

}  // namespace rp
