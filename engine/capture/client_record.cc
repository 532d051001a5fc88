#include "engine/capture/client_record.h"

#include <algorithm>
#include <string_view>

#include "engine/base/limits.h"
#include "engine/base/log.h"
#include "engine/capture/compositor.h"
#include "engine/capture/shm_pools.h"

namespace rp {

// Gives its place back when the wl_shm_pool or wl_buffer dies.
struct ClientRecord::ShmObject {
  wl_listener listener;
  ClientRecord* record;
};

ClientRecord::ClientRecord(Compositor& compositor, wl_client* client)
    : compositor_(compositor),
      client_(client),
      created_until_recount_(limits::kMaxObjectsPerClient) {
  destroyed_.self = this;
  destroyed_.listener.notify = on_destroyed;
  wl_client_add_destroy_listener(client, &destroyed_.listener);
  resource_created_.self = this;
  resource_created_.listener.notify = on_resource_created;
  wl_client_add_resource_created_listener(client, &resource_created_.listener);
}

ClientRecord::~ClientRecord() {
  if (leaving_) return;
  wl_list_remove(&destroyed_.listener.link);
  wl_list_remove(&resource_created_.listener.link);
}

ClientRecord& ClientRecord::of(wl_client* client) {
  wl_listener* listener = wl_client_get_destroy_listener(client, on_destroyed);
  RP_CHECK(listener != nullptr);
  return *reinterpret_cast<Hook*>(listener)->self;
}

bool ClientRecord::is_leaving(wl_client* client) {
  // libwayland takes the listeners off before it tells them, and destroys the objects afterwards.
  return wl_client_get_destroy_listener(client, on_destroyed) == nullptr;
}

void ClientRecord::on_destroyed(wl_listener* listener, void* /*data*/) {
  ClientRecord* self = reinterpret_cast<Hook*>(listener)->self;
  self->leaving_ = true;
  wl_list_remove(&self->resource_created_.listener.link);
  self->compositor_.client_left(*self);
}

void ClientRecord::on_resource_created(wl_listener* listener, void* data) {
  ClientRecord* self = reinterpret_cast<Hook*>(listener)->self;
  auto* made = static_cast<wl_resource*>(data);
  self->count_object(made);
  if (ShmPools* pools = self->compositor_.shm_pools()) pools->on_resource_created(made);
}

std::size_t ClientRecord::live_objects() const {
  std::size_t count = 0;
  wl_client_for_each_resource(
      client_,
      [](wl_resource*, void* data) {
        ++*static_cast<std::size_t*>(data);
        return WL_ITERATOR_CONTINUE;
      },
      &count);
  return count;
}

// Live objects are counted by walking them, but only after so many new ones that the bound could
// have been reached: making an object stays cheap and the count cannot drift.
void ClientRecord::count_object(wl_resource* resource) {
  constexpr std::size_t kRecountStep = 1024;
  if (--created_until_recount_ == 0) {
    const std::size_t live = live_objects();
    if (live >= limits::kMaxObjectsPerClient) end_for_limit("objects of one client");
    created_until_recount_ = std::max(
        kRecountStep, limits::kMaxObjectsPerClient - std::min(live, limits::kMaxObjectsPerClient));
  }
  // Pools and buffers cost the engine mappings, of which a process has only so many.
  const std::string_view type = wl_resource_get_class(resource);
  if (type != "wl_shm_pool" && type != "wl_buffer") return;
  auto* object = new ShmObject{{}, this};
  object->listener.notify = [](wl_listener* listener, void*) {
    auto* gone = reinterpret_cast<ShmObject*>(listener);
    --gone->record->shm_objects;
    delete gone;
  };
  wl_resource_add_destroy_listener(resource, &object->listener);
  if (++shm_objects > limits::kMaxBuffersPerClient)
    end_for_limit("buffers and pools of one client");
}

bool ClientRecord::take(std::size_t& used, std::size_t count, std::size_t bound, const char* what) {
  if (used + count > bound) {
    end_for_limit(what);
    return false;
  }
  used += count;
  return true;
}

void ClientRecord::end_for_limit(const char* what) {
  if (std::exchange(ended_, true) || leaving_) return;
  compositor_.counters().limits_hit.add();
  log_limited(LogLevel::kWarning, "display.limit",
              {{"phone", compositor_.name()}, {"bound", what}});
  wl_client_post_no_memory(client_);
}

}  // namespace rp
