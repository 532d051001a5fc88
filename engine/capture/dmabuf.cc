#include "engine/capture/dmabuf.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <wayland-server-protocol.h>

#include "engine/base/log.h"
#include "engine/capture/compositor.h"
#include "engine/capture/dmabuf_params.h"
#include "engine/capture/listener.h"
#include "engine/capture/resource.h"
#include "protocol/linux-dmabuf-unstable-v1-server.h"

namespace rp {
namespace {

constexpr int kVersion = 4;
constexpr std::size_t kMostRows = std::size_t{UINT16_MAX} + 1;  // what tranches' indices reach

// One row of the format table (linux-dmabuf-unstable-v1.xml, format_table).
struct FormatRow {
  std::uint32_t format;
  std::uint32_t padding;
  std::uint64_t modifier;
};
static_assert(sizeof(FormatRow) == 16);

void unlink(wl_resource* resource) {
  wl_list* link = wl_resource_get_link(resource);
  wl_list_remove(link);
  wl_list_init(link);
}

// zwp_linux_dmabuf_feedback_v1. One of a surface falls silent when that goes.
class Feedback {
 public:
  explicit Feedback(wl_resource* resource) : resource_(resource) {
    wl_list_init(wl_resource_get_link(resource));
    surface_gone_.set_callback([this](void*) { unlink(resource_); });
  }
  ~Feedback() { unlink(resource_); }
  Feedback(const Feedback&) = delete;
  Feedback& operator=(const Feedback&) = delete;
  void follow(wl_resource* surface) { surface_gone_.connect_destroy(surface); }

 private:
  wl_resource* resource_;
  Listener surface_gone_;
};

const struct zwp_linux_dmabuf_feedback_v1_interface kFeedback = {.destroy = destroy_resource};

void get_feedback(wl_client* client, wl_resource* r, std::uint32_t id, wl_resource* surface) {
  wl_resource* resource =
      make_resource(client, zwp_linux_dmabuf_feedback_v1_interface, wl_resource_get_version(r), id);
  if (resource == nullptr) return;
  auto* feedback = new Feedback(resource);
  implement(resource, kFeedback, feedback,
            [](wl_resource* gone) { delete object_of<Feedback>(gone); });
  if (surface != nullptr) feedback->follow(surface);
  object_of<DmabufGlobal>(r)->add_feedback(resource);
}

const struct zwp_linux_dmabuf_v1_interface kDmabuf = {
    .destroy = destroy_resource,
    .create_params =
        [](wl_client* client, wl_resource* r, std::uint32_t id) {
          make_dmabuf_params(*object_of<DmabufGlobal>(r), client, r, id);
        },
    .get_default_feedback = [](wl_client* client, wl_resource* r,
                               std::uint32_t id) { get_feedback(client, r, id, nullptr); },
    .get_surface_feedback = get_feedback,
};

}  // namespace

Status DmabufGlobal::start(SharedSourceFormats formats) {
  formats_ = std::move(formats);
  RP_TRY(make_table());
  wl_global_create(compositor_.display(), &zwp_linux_dmabuf_v1_interface, kVersion, this,
                   [](wl_client* client, void* self, std::uint32_t version, std::uint32_t id) {
                     static_cast<DmabufGlobal*>(self)->bind(client, version, id);
                   });
  return {};
}

// One row a pair of format and modifier, in the order of the tranches.
Status DmabufGlobal::make_table() {
  std::vector<FormatRow> rows;
  for (const SourceTranche& tranche : formats_->tranches) {
    for (const SourceFormat& format : tranche.formats) {
      if (rows.size() == kMostRows) break;
      rows.push_back({static_cast<std::uint32_t>(format.code), 0, format.modifier});
      if (std::ranges::find(ever_, format) == ever_.end()) ever_.push_back(format);
    }
  }
  const std::size_t bytes = rows.size() * sizeof(FormatRow);
  UniqueFd table(::memfd_create("rackphone-formats", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!table || ::write(table.get(), rows.data(), bytes) != static_cast<ssize_t>(bytes)) {
    return fail_errno("make the table of dma-buf formats");
  }
  if (::fcntl(table.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) !=
      0) {
    return fail_errno("seal the table of dma-buf formats");
  }
  table_ = std::move(table);
  table_bytes_ = static_cast<std::uint32_t>(bytes);
  return {};
}

void DmabufGlobal::set_formats(SharedSourceFormats formats) {
  if (formats == formats_) return;
  const SharedSourceFormats before = std::exchange(formats_, std::move(formats));
  if (const Status made = make_table(); !made) {
    log_limited(LogLevel::kError, "display.formats_not_told", {{"error", made.error()}});
    formats_ = before;
    return;
  }
  wl_resource* feedback = nullptr;
  wl_resource_for_each(feedback, &feedbacks_) send_feedback(feedback);
  compositor_.request_end_of_turn();
}

const SourceFormat* DmabufGlobal::find(FourCc code, std::uint64_t modifier) const {
  const auto found = std::ranges::find_if(ever_, [&](const SourceFormat& format) {
    return format.code == code && format.modifier == modifier;
  });
  return found == ever_.end() ? nullptr : &*found;
}

bool DmabufGlobal::knows(FourCc code) const {
  return std::ranges::find(ever_, code, &SourceFormat::code) != ever_.end();
}

// Version 1 and 2 know no modifiers: they get the formats a buffer may have without naming one.
void DmabufGlobal::bind(wl_client* client, std::uint32_t version, std::uint32_t id) {
  wl_resource* r =
      make_resource(client, zwp_linux_dmabuf_v1_interface, static_cast<int>(version), id);
  if (r == nullptr) return;
  implement(r, kDmabuf, this);
  if (version >= ZWP_LINUX_DMABUF_V1_GET_DEFAULT_FEEDBACK_SINCE_VERSION) return;
  for (const SourceTranche& tranche : formats_->tranches) {
    for (const SourceFormat& format : tranche.formats) {
      const auto code = static_cast<std::uint32_t>(format.code);
      if (version >= ZWP_LINUX_DMABUF_V1_MODIFIER_SINCE_VERSION) {
        zwp_linux_dmabuf_v1_send_modifier(r, code,
                                          static_cast<std::uint32_t>(format.modifier >> 32U),
                                          static_cast<std::uint32_t>(format.modifier));
      } else if (format.modifier == kModifierInvalid) {
        zwp_linux_dmabuf_v1_send_format(r, code);
      }
    }
  }
}

void DmabufGlobal::add_feedback(wl_resource* feedback) {
  wl_list_insert(&feedbacks_, wl_resource_get_link(feedback));
  send_feedback(feedback);
}

void DmabufGlobal::send_feedback(wl_resource* feedback) const {
  const auto send_device = [&](auto send, std::uint64_t number) {
    dev_t device = number;
    wl_array bytes{sizeof device, sizeof device, &device};
    send(feedback, &bytes);
  };
  zwp_linux_dmabuf_feedback_v1_send_format_table(feedback, table_.get(), table_bytes_);
  // 0 names no device: clients then allocate what any can map.
  send_device(zwp_linux_dmabuf_feedback_v1_send_main_device, formats_->main_device);
  std::size_t row = 0;
  for (const SourceTranche& tranche : formats_->tranches) {
    std::vector<std::uint16_t> indices;
    for (std::size_t i = 0; i < tranche.formats.size() && row < kMostRows; ++i, ++row) {
      indices.push_back(static_cast<std::uint16_t>(row));
    }
    send_device(zwp_linux_dmabuf_feedback_v1_send_tranche_target_device,
                tranche.device != 0 ? tranche.device : formats_->main_device);
    wl_array bytes{indices.size() * sizeof(std::uint16_t), indices.size() * sizeof(std::uint16_t),
                   indices.data()};
    zwp_linux_dmabuf_feedback_v1_send_tranche_formats(feedback, &bytes);
    zwp_linux_dmabuf_feedback_v1_send_tranche_flags(feedback, 0);
    zwp_linux_dmabuf_feedback_v1_send_tranche_done(feedback);
  }
  zwp_linux_dmabuf_feedback_v1_send_done(feedback);
}

}  // namespace rp
