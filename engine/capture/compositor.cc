#include "engine/capture/compositor.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string_view>

#include <wayland-server-protocol.h>

#include "engine/base/limits.h"
#include "engine/base/log.h"
#include "engine/capture/client_buffer.h"
#include "engine/capture/compositor_global.h"
#include "engine/capture/dmabuf.h"
#include "engine/capture/explicit_sync.h"
#include "engine/capture/output.h"
#include "engine/capture/presentation.h"
#include "engine/capture/shm_pools.h"
#include "engine/capture/small_protocols.h"
#include "engine/capture/subsurface.h"
#include "engine/capture/viewporter.h"
#include "engine/capture/xdg_activation.h"
#include "engine/capture/xdg_surface.h"
#include "protocol/fractional-scale-v1-server.h"

namespace rp {
namespace {

// What libwayland has to say is about what clients did.
void log_from_libwayland(const char* format, va_list arguments) {
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  std::string_view line = text.data();
  while (line.ends_with('\n')) line.remove_suffix(1);
  log_limited(LogLevel::kInfo, "display.libwayland", {{"text", line}});
}

}  // namespace

Compositor::Compositor(EventLoop& loop, const DisplayOptions& options, DisplayListener& listener,
                       WindowPolicy policy)
    : loop_(loop),
      listener_(listener),
      name_(options.socket_path),
      mode_(options.mode),
      display_(wl_display_create()),
      shell_(*this, policy) {
  static std::once_flag once;
  std::call_once(once, [] { wl_log_set_handler_server(log_from_libwayland); });
}

Compositor::~Compositor() {
  disconnect_clients();
  watch_.reset();
  if (logger_ != nullptr) wl_protocol_logger_destroy(logger_);
  if (display_ != nullptr) wl_display_destroy(display_);
  if (!socket_path_.empty()) ::unlink(socket_path_.c_str());
}

void Compositor::disconnect_clients() {
  if (display_ != nullptr) wl_display_destroy_clients(display_);
  left_clients_.clear();
}

Status Compositor::start(const DisplayOptions& options) {
  if (display_ == nullptr) return fail(ErrorCode::kExhausted, "make a wl_display");
  end_of_turn_ = loop_.timer([this] { end_turn(); });
  client_created_.self = this;
  client_created_.listener.notify = [](wl_listener* listener, void* client) {
    reinterpret_cast<Hook*>(listener)->self->client_created(static_cast<wl_client*>(client));
  };
  wl_display_add_client_created_listener(display_, &client_created_.listener);
  if (options.memfds != nullptr)
    shm_pools_ = std::make_unique<ShmPools>(*options.memfds, counters_);
  logger_ = wl_display_add_protocol_logger(display_, on_protocol_message, this);
  if (wl_display_init_shm(display_) != 0) return fail(ErrorCode::kExhausted, "make wl_shm");
  add_shm_formats(display_);
  make_globals();
  RP_TRY(dmabuf_->start(options.source_formats));
  if (options.sync != nullptr) {
    sync_ = std::make_unique<ExplicitSync>(*this, *options.sync);
    sync_->make_global();
  }
  if (!options.socket_path.empty()) RP_TRY(listen(options.socket_path));
  wl_event_loop* events = wl_display_get_event_loop(display_);
  RP_ASSIGN(watch_, loop_.watch(wl_event_loop_get_fd(events), EPOLLIN,
                                [this](std::uint32_t) { dispatch(); }));
  return {};
}

void Compositor::set_source_formats(const SharedSourceFormats& formats) {
  dmabuf_->set_formats(formats);
}

void Compositor::make_globals() {
  output_ = std::make_unique<Output>(*this);
  dmabuf_ = std::make_unique<DmabufGlobal>(*this);
  make_compositor_global(*this);
  make_subcompositor_global(*this);
  output_->make_globals();
  make_xdg_wm_base_global(*this);
  make_viewporter_global(*this);
  make_presentation_global(*this);
  make_small_globals(*this);
  activation_ = std::make_unique<Activation>(*this);
  activation_->make_global();
}

Status Compositor::listen(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::kInvalid, "socket path " + path + " is over 107 bytes");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail_errno("make a display socket");
  // One left behind by an engine that was killed; a path that is no socket stays.
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) ::unlink(path.c_str());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("bind " + path);
  }
  socket_path_ = path;
  if (::chmod(path.c_str(), 0666) != 0) return fail_errno("chmod " + path);
  if (::listen(socket.get(), 128) != 0) return fail_errno("listen on " + path);
  if (wl_display_add_socket_fd(display_, socket.get()) != 0) {
    return fail(ErrorCode::kExhausted, "serve " + path);
  }
  (void)socket.release();  // the wl_display's now
  return {};
}

// ---- clients

void Compositor::client_created(wl_client* client) {
  counters_.clients.add();
  clients_.push_back(std::make_unique<ClientRecord>(*this, client));
  if (clients_.size() <= limits::kMaxClientsPerPhone) return;
  // It cannot be destroyed while libwayland is still making it.
  clients_.back()->end_for_limit("clients of one phone");
  unwelcome_.push_back(client);
  request_end_of_turn();
}

void Compositor::client_left(ClientRecord& record) {
  std::erase(unwelcome_, record.client());
  const auto found = std::find_if(clients_.begin(), clients_.end(),
                                  [&](const auto& r) { return r.get() == &record; });
  RP_CHECK(found != clients_.end());
  // Its resources are still to be destroyed and speak to it until then.
  left_clients_.push_back(std::move(*found));
  clients_.erase(found);
  request_end_of_turn();
}

Result<wl_client*> Compositor::adopt_client(UniqueFd socket) {
  wl_client* client = wl_client_create(display_, socket.get());
  if (client == nullptr) return fail_errno("serve a connected socket");
  (void)socket.release();
  return client;
}

void Compositor::end_for_limit(wl_client* client, const char* what) {
  ClientRecord::of(client).end_for_limit(what);
}

void Compositor::on_protocol_message(void* self, wl_protocol_logger_type type,
                                     const wl_protocol_logger_message* message) {
  if (type == WL_PROTOCOL_LOGGER_REQUEST) {
    ShmPools* pools = static_cast<Compositor*>(self)->shm_pools();
    if (pools != nullptr) pools->on_request(*message);
    return;
  }
  // The only event called 0 of wl_display is error: the client is being ended for what it did.
  if (message->message_opcode != WL_DISPLAY_ERROR) return;
  if (std::strcmp(wl_resource_get_class(message->resource), "wl_display") != 0) return;
  static_cast<Compositor*>(self)->counters_.protocol_errors.add();
}

// ---- turns

void Compositor::dispatch() {
  wl_event_loop_dispatch(wl_display_get_event_loop(display_), 0);
  end_turn();
}

void Compositor::request_end_of_turn() {
  if (!end_of_turn_.armed()) end_of_turn_.arm_at(loop_.clock().now());
}

void Compositor::end_turn() {
  end_of_turn_.cancel();
  left_clients_.clear();
  while (!unwelcome_.empty()) wl_client_destroy(unwelcome_.back());
  if (frame_wanted_ && !std::exchange(frame_told_, true)) listener_.on_frame_wanted();
  if (seat_ != nullptr) seat_->end_turn();
  wl_display_flush_clients(display_);
}

// ---- pictures

Size Compositor::logical_size() const {
  const auto logical = [&](std::int32_t pixels) {
    return (pixels * 120 + mode_.scale_120 - 1) / mode_.scale_120;
  };
  return {logical(mode_.size.width), logical(mode_.size.height)};
}

void Compositor::request_frame() {
  frame_wanted_ = true;
  request_end_of_turn();
}

void Compositor::settle() {
  if (std::exchange(unsettled_, false) && seat_ != nullptr) seat_->settle();
}

void Compositor::layout_changed() {
  request_frame();
  unsettled_ = true;
  if (seat_ != nullptr) seat_->layout_changed();
}

void Compositor::add_waiting(Surface& surface) {
  if (std::find(waiting_.begin(), waiting_.end(), &surface) == waiting_.end()) {
    waiting_.push_back(&surface);
  }
  request_frame();
}

void Compositor::surface_destroyed(Surface& surface) { std::erase(waiting_, &surface); }

Scene Compositor::take_scene() {
  frame_wanted_ = false;
  frame_told_ = false;
  if (shm_pools_ != nullptr) shm_pools_->picture_taken();
  Scene scene = scenes_.build(shell_.roots(), seat_ == nullptr ? std::nullopt : seat_->drag_icon(),
                              mode_, loop_.clock().now());
  for (Surface* surface : waiting_) {
    due_callbacks_.append(surface->taken_callbacks());
    ResourceQueue& feedbacks = surface->taken_feedbacks();
    if (scenes_.has(*surface)) {
      due_feedbacks_.append(feedbacks);
    } else {
      discard_feedbacks(feedbacks);
    }
  }
  if (!waiting_.empty()) request_end_of_turn();
  waiting_.clear();
  return scene;
}

void Compositor::frame_done(TimePoint shown, std::uint64_t sequence) {
  if (due_callbacks_.empty() && due_feedbacks_.empty()) return;
  const auto time_ms = static_cast<std::uint32_t>(shown.us / 1000);
  while (wl_resource* callback = due_callbacks_.pop()) {
    wl_callback_send_done(callback, time_ms);
    wl_resource_destroy(callback);
  }
  send_presented(*this, due_feedbacks_, shown, sequence);
  request_end_of_turn();
}

void Compositor::add_fractional_scale(wl_resource* resource) {
  fractional_scales_.push_back(resource);
  wp_fractional_scale_v1_send_preferred_scale(resource,
                                              static_cast<std::uint32_t>(mode_.scale_120));
}

void Compositor::remove_fractional_scale(wl_resource* resource) {
  std::erase(fractional_scales_, resource);
}

void Compositor::set_mode(const OutputMode& mode) {
  if (mode == mode_) return;
  const bool rescaled = mode.scale_120 != mode_.scale_120;
  mode_ = mode;
  output_->send_mode();
  if (rescaled) {
    for (wl_resource* r : fractional_scales_) {
      wp_fractional_scale_v1_send_preferred_scale(r, static_cast<std::uint32_t>(mode_.scale_120));
    }
  }
  shell_.output_changed();
}

}  // namespace rp
