#include "engine/capture/surface.h"

#include <algorithm>
#include <cmath>

#include <wayland-server-protocol.h>

#include "engine/base/limits.h"
#include "engine/capture/client_buffer.h"
#include "engine/capture/compositor.h"
#include "engine/capture/explicit_sync.h"
#include "engine/capture/output.h"
#include "engine/capture/presentation.h"
#include "engine/capture/subsurface.h"
#include "engine/capture/xdg_surface.h"
#include "protocol/viewporter-server.h"

namespace rp {

Surface* Surface::from(wl_resource* resource) {
  return resource == nullptr ? nullptr : static_cast<Surface*>(wl_resource_get_user_data(resource));
}

Surface::Surface(Compositor& compositor, ClientRecord& client, wl_resource* resource)
    : compositor_(compositor),
      client_(client),
      resource_(resource),
      self_(this, [](Surface*) {}),
      id_(compositor.next_surface_id()) {
  // The spec's initial damage of nothing is right: a first buffer is new area anyway.
}

Surface::~Surface() {
  // Children lose their place at once; their role objects become inert.
  const std::vector<Subsurface*> children = pending_stack_;
  for (Subsurface* child : children) {
    if (child != nullptr) child->parent_destroyed();
  }
  if (RoleHandler* handler = std::exchange(handler_, nullptr)) handler->on_surface_destroyed();
  // An xdg_surface that was never given a role is not the handler, and would keep a dead pointer.
  if (shell_object_ != nullptr) shell_object_->on_surface_destroyed();
  discard_feedbacks(pending_.feedbacks);
  discard_feedbacks(current_.feedbacks);
  compositor_.surface_destroyed(*this);
  --client_.surfaces;
}

bool Surface::set_role(RoleKind role, RoleHandler& handler) {
  if (role_ != RoleKind::kNone && role_ != role) return false;
  if (handler_ != nullptr && handler_ != &handler) return false;
  role_ = role;
  handler_ = &handler;
  return true;
}

// ---- place

Surface& Surface::root() {
  Surface* surface = this;
  while (surface->subsurface_ != nullptr && surface->subsurface_->parent() != nullptr) {
    surface = surface->subsurface_->parent();
  }
  return *surface;
}

Point Surface::position() const {
  if (subsurface_ == nullptr || subsurface_->parent() == nullptr) return position_;
  const Point parent = subsurface_->parent()->position();
  const Point offset = subsurface_->position();
  return {parent.x + offset.x, parent.y + offset.y};
}

void Surface::set_position(Point logical) {
  const Point kept{saturated(logical.x), saturated(logical.y)};
  if (kept == position_) return;
  position_ = kept;
  if (mapped()) compositor_.layout_changed();
}

PointF Surface::to_local(double x_px, double y_px) const {
  const Point origin = position();
  const double scale = compositor_.scale();
  return {x_px / scale - origin.x, y_px / scale - origin.y};
}

bool Surface::accepts_input(double x, double y) const {
  if (x < 0 || y < 0 || x >= size_.width || y >= size_.height) return false;
  if (!current_.input_limited) return true;
  return current_.input.contains(static_cast<std::int32_t>(std::floor(x)),
                                 static_cast<std::int32_t>(std::floor(y)));
}

bool Surface::mapped() const {
  if (!has_buffer()) return false;
  switch (role_) {
    case RoleKind::kToplevel:
    case RoleKind::kPopup:
      return compositor_.shell().shows_root(*this);
    case RoleKind::kSubsurface:
      return subsurface_ != nullptr && subsurface_->parent() != nullptr && subsurface_->placed() &&
             subsurface_->parent()->mapped();
    case RoleKind::kDragIcon:
      return handler_ != nullptr;
    case RoleKind::kNone:
    case RoleKind::kCursor:
      return false;
  }
  return false;
}

RectF Surface::source() const {
  const Size upright = transformed(current_.buffer->size(), current_.transform);
  if (!current_.viewport_source) {
    return {0, 0, static_cast<double>(upright.width), static_cast<double>(upright.height)};
  }
  const double scale = current_.scale;
  const RectF& s = *current_.viewport_source;
  return {s.x * scale, s.y * scale, s.width * scale, s.height * scale};
}

// ---- commit

void Surface::attach(wl_resource* buffer, Point offset) {
  pending_buffer_.reset();
  if (buffer != nullptr) {
    if (shell_object_ != nullptr && shell_object_->role() == nullptr) {
      shell_object_->refuse_buffer();
      return;
    }
    const auto made = ClientBuffer::of(compositor_, buffer);
    if (made == nullptr) return;
    pending_buffer_ = made;
  }
  pending_.changed.buffer = true;
  pending_.offset = offset;
}

void Surface::commit() {
  compositor_.counters().commits.add();
  const std::shared_ptr<ClientBuffer> buffer = take_attached();
  SyncPoint acquire;
  if (!take_points(buffer, acquire)) return;
  if (handler_ != nullptr && !handler_->may_commit(pending_)) return;
  pending_.committed = compositor_.loop().clock().now();
  if (acquire || held_ != nullptr) return hold(buffer, std::move(acquire));
  finish_commit(pending_);
}

std::shared_ptr<ClientBuffer> Surface::take_attached() {
  if (!pending_.changed.buffer) return nullptr;
  // A wl_buffer destroyed since the attach counts as none.
  auto buffer = pending_buffer_.lock();
  pending_buffer_.reset();
  if (buffer != nullptr) pending_.buffer = buffer->use();
  return buffer;
}

// Without points of the client's own the kernel's fence on the buffer counts.
bool Surface::take_points(const std::shared_ptr<ClientBuffer>& buffer, SyncPoint& acquire) {
  if (sync_ == nullptr) {
    if (buffer != nullptr) buffer->on_commit();
    return true;
  }
  SurfaceSync::Points points;
  if (!sync_->take(buffer.get(), points)) return false;
  acquire = std::move(points.acquire);
  return !points.release || buffer->signal_at_release(std::move(points.release));
}

void Surface::hold(std::shared_ptr<ClientBuffer> buffer, SyncPoint acquire) {
  const TimePoint now = compositor_.loop().clock().now();
  const bool is_new = held_ == nullptr;
  if (is_new) held_ = std::make_unique<Held>();
  if (is_new) held_->until = now + ExplicitSync::kMostHeld;
  if (pending_.changed.buffer) {
    held_->buffer = std::move(buffer);
    held_->acquire = std::move(acquire);
  }
  held_->state.merge(pending_);
  if (!look_at_held(now) && is_new) compositor_.explicit_sync()->hold(*this);
}

bool Surface::look_at_held(TimePoint now) {
  if (held_ == nullptr) return true;
  if (held_->acquire) {
    auto fence = held_->acquire.timeline->fence_of(held_->acquire.value);
    if (fence) {
      held_->buffer->set_acquire_fence(std::move(*fence));
    } else if (fence.error().code == ErrorCode::kWouldBlock && now < held_->until) {
      return false;
    } else {
      held_->buffer->set_acquire_fence({});
      compositor_.counters().points_given_up.add();
    }
  }
  const std::unique_ptr<Held> held = std::move(held_);
  finish_commit(held->state);
  return true;
}

void Surface::finish_commit(SurfaceState& state) {
  if (subsurface_ != nullptr && subsurface_->synchronised()) {
    subsurface_->cache(state);
    return;
  }
  apply(state);
}

bool Surface::compute_size() {
  if (current_.buffer == nullptr) {
    size_ = {};
    return true;
  }
  const Size upright = transformed(current_.buffer->size(), current_.transform);
  // Buffers that are not a whole multiple of the scale are cut, as most compositors do.
  const Size base{std::max(1, upright.width / current_.scale),
                  std::max(1, upright.height / current_.scale)};
  size_ = base;
  if (current_.viewport_source) {
    const RectF& s = *current_.viewport_source;
    if (s.x + s.width > base.width || s.y + s.height > base.height) {
      post_viewport_error(WP_VIEWPORT_ERROR_OUT_OF_BUFFER, "source is outside the buffer");
      return false;
    }
    if (!current_.viewport_destination &&
        (s.width != std::floor(s.width) || s.height != std::floor(s.height))) {
      post_viewport_error(WP_VIEWPORT_ERROR_BAD_SIZE,
                          "source has a fractional size and there is no destination");
      return false;
    }
    size_ = {static_cast<std::int32_t>(s.width), static_cast<std::int32_t>(s.height)};
  }
  if (current_.viewport_destination) size_ = *current_.viewport_destination;
  return true;
}

void Surface::post_viewport_error(std::uint32_t code, const char* text) {
  wl_resource_post_error(viewport_ != nullptr ? viewport_ : resource_, code, "%s", text);
}

void Surface::apply(SurfaceState& state) {
  const bool had_buffer = has_buffer();
  const Size old_size = size_;
  last_offset_ = state.offset;
  // Damage is kept for surfaces whose picture is awaited; an unmapped one will be new area anyway.
  const bool damaged = !state.surface_damage.empty() || !state.buffer_damage.empty();
  const bool reshaped = state.changed.viewport || state.changed.scale || state.changed.transform;
  discard_feedbacks(current_.feedbacks);
  current_.merge(state);
  if (!compute_size()) return;
  if (!current_.buffer) {
    current_.surface_damage.clear();
    current_.buffer_damage.clear();
  }
  const bool restacked = apply_children();
  if (handler_ != nullptr) handler_->on_commit();

  if (!current_.frame_callbacks.empty() || !current_.feedbacks.empty()) {
    compositor_.add_waiting(*this);
  }
  if (had_buffer != has_buffer() || old_size != size_ || reshaped || restacked) {
    compositor_.layout_changed();
  } else if (damaged && mapped()) {
    compositor_.request_frame();
  }
  if (had_buffer != has_buffer()) update_enter();
}

bool Surface::apply_children() {
  const bool restacked = stack_ != pending_stack_;
  if (restacked) stack_ = pending_stack_;
  bool moved = false;
  for (std::size_t i = 0; i < stack_.size(); ++i) {
    Subsurface* child = stack_[i];
    if (child != nullptr) moved |= child->parent_applied();
  }
  return restacked || moved;
}

// ---- enter and leave

void Surface::update_enter() {
  const bool shown = mapped();
  if (shown != entered_) {
    entered_ = shown;
    if (shown) {
      compositor_.output().send_enter(*this);
    } else {
      compositor_.output().send_leave(*this);
    }
  }
  for (Subsurface* child : stack_) {
    if (child != nullptr) child->surface().update_enter();
  }
}

}  // namespace rp
