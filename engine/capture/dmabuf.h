// zwp_linux_dmabuf_v1: buffers that are kernel objects, in the formats and modifiers the composer
// takes (engine/frame/source_formats.h). Version 4 with feedback, sent again when the set changes;
// binders below 4 get the format and modifier events of old (Waydroid's allocator follows those).
// Thread rule: the display's loop.
//
// What was advertised once is accepted for as long as the display lives, because a client may not
// have heard of the change yet: the composer leaves out what it cannot read.
#pragma once

#include <vector>

#include <wayland-server-core.h>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/frame/source_formats.h"

namespace rp {

class Compositor;

class DmabufGlobal {
 public:
  explicit DmabufGlobal(Compositor& compositor) : compositor_(compositor) {
    wl_list_init(&feedbacks_);
  }
  DmabufGlobal(const DmabufGlobal&) = delete;
  DmabufGlobal& operator=(const DmabufGlobal&) = delete;
  [[nodiscard]] Status start(SharedSourceFormats formats);
  // From now on; every feedback object hears of it.
  void set_formats(SharedSourceFormats formats);

  [[nodiscard]] Compositor& compositor() const { return compositor_; }
  // The composer reads linear dma-bufs of this format where they lie, now.
  [[nodiscard]] bool imports_linear(FourCc code) const {
    return formats_->imports && formats_->find(code, kModifierLinear) != nullptr;
  }
  // Null: never advertised.
  [[nodiscard]] const SourceFormat* find(FourCc code, std::uint64_t modifier) const;
  [[nodiscard]] bool knows(FourCc code) const;
  void bind(wl_client* client, std::uint32_t version, std::uint32_t id);
  // Sends what holds, and again when that changes, until the resource leaves its list.
  void add_feedback(wl_resource* feedback);

 private:
  [[nodiscard]] Status make_table();
  void send_feedback(wl_resource* feedback) const;

  Compositor& compositor_;
  SharedSourceFormats formats_;
  std::vector<SourceFormat> ever_;
  wl_list feedbacks_;  // resources, by their links
  UniqueFd table_;     // format table that feedback objects share, sealed
  std::uint32_t table_bytes_ = 0;
};

}  // namespace rp
