// Listener: a wl_listener that takes itself off its signal when it dies. For the destroy signals of
// resources and clients that an object does not own. Thread rule: the display's loop.
#pragma once

#include <functional>
#include <utility>

#include <wayland-server-core.h>

namespace rp {

class Listener {
 public:
  // Called once with the signal's data; the listener is off the signal by then and may be destroyed
  // or connected again from inside the call.
  using Callback = std::function<void(void* data)>;

  Listener() = default;
  explicit Listener(Callback callback) : callback_(std::move(callback)) {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { disconnect(); }

  void set_callback(Callback callback) { callback_ = std::move(callback); }
  void connect_destroy(wl_resource* resource) {
    prepare();
    wl_resource_add_destroy_listener(resource, &hook_.listener);
  }
  void connect_destroy(wl_client* client) {
    prepare();
    wl_client_add_destroy_listener(client, &hook_.listener);
  }
  void disconnect() {
    if (!std::exchange(connected_, false)) return;
    wl_list_remove(&hook_.listener.link);
  }
  [[nodiscard]] bool connected() const { return connected_; }

 private:
  struct Hook {  // standard layout, so that the listener's address is the hook's
    wl_listener listener;
    Listener* self;
  };

  void prepare() {
    disconnect();
    hook_.self = this;
    hook_.listener.notify = [](wl_listener* listener, void* data) {
      Listener* self = reinterpret_cast<Hook*>(listener)->self;
      self->disconnect();
      const Callback callback = self->callback_;  // survives the listener's own end
      callback(data);
    };
    connected_ = true;
  }

  Hook hook_{};
  bool connected_ = false;
  Callback callback_;
};

}  // namespace rp
