// ClientRecord: what the display counts for one client, so that a hostile one meets its bound
// alone. Thread rule: the display's loop. Owned by the Compositor; outlives the client's resources.
#pragma once

#include <cstddef>

#include "engine/capture/listener.h"

namespace rp {

class Compositor;

class ClientRecord {
 public:
  ClientRecord(Compositor& compositor, wl_client* client);
  ClientRecord(const ClientRecord&) = delete;
  ClientRecord& operator=(const ClientRecord&) = delete;
  ~ClientRecord();

  // Every client of a display has one from its first moment until it leaves.
  [[nodiscard]] static ClientRecord& of(wl_client* client);
  // Its objects are being destroyed: nothing needs to be kept for it, and of() is over.
  [[nodiscard]] static bool is_leaving(wl_client* client);

  [[nodiscard]] wl_client* client() const { return client_; }

  // A count with a bound: take() ends the client and returns false when it would go over.
  [[nodiscard]] bool take(std::size_t& used, std::size_t count, std::size_t bound,
                          const char* what);

  // Ends the client, once, for being over the bound named `what`.
  void end_for_limit(const char* what);

  std::size_t surfaces = 0;
  std::size_t region_rects = 0;
  std::size_t dmabuf_fds = 0;
  std::size_t shm_objects = 0;
  std::size_t timelines = 0;
  bool late_fences = false;  // its last one that was waited for did not signal in time

 private:
  struct Hook {
    wl_listener listener;
    ClientRecord* self;
  };
  struct ShmObject;

  static void on_destroyed(wl_listener* listener, void* data);
  static void on_resource_created(wl_listener* listener, void* data);
  void count_object(wl_resource* resource);
  [[nodiscard]] std::size_t live_objects() const;

  Compositor& compositor_;
  wl_client* client_;
  Hook destroyed_{};
  Hook resource_created_{};
  bool leaving_ = false;
  bool ended_ = false;
  std::size_t created_until_recount_;
};

}  // namespace rp
