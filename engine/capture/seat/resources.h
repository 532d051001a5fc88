// What every part of the seat shares: the context it lives in, and ResourceSet, the resources of
// one interface that clients hold. Thread rule: the display's loop.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <wayland-server-core.h>

#include "engine/base/limits.h"
#include "engine/capture/focus.h"
#include "engine/capture/seat/serials.h"

namespace rp {

// Borrowed by all parts of one seat, which it outlives.
struct SeatContext {
  DisplayContext& display;
  Desktop& desktop;
  DisplayListener& listener;
  SerialLedger serials;

  // Milliseconds of CLOCK_MONOTONIC, as wl_seat's events carry them.
  [[nodiscard]] std::uint32_t time_ms() const {
    return static_cast<std::uint32_t>(display.loop().clock().now().us / 1000);
  }
  [[nodiscard]] double output_scale() const { return display.mode().scale_120 / 120.0; }
};

inline void destroy_resource(wl_client*, wl_resource* resource) { wl_resource_destroy(resource); }

class ResourceSet {
 public:
  ResourceSet() = default;
  ResourceSet(const ResourceSet&) = delete;
  ResourceSet& operator=(const ResourceSet&) = delete;

  // Makes a resource that leaves the set by itself when destroyed. Null when the client is ended
  // for it (no memory, over limits::kMaxSeatResourcesPerClient). `data` is its user data if it is
  // not null, else null; `destroyed`, if given, is called once the resource is out of the set.
  using Destroyed = void (*)(wl_resource*);
  wl_resource* create(SeatContext& context, wl_client* client, const wl_interface& interface,
                      std::uint32_t version, std::uint32_t id, const void* implementation,
                      void* data, Destroyed destroyed = nullptr) {
    if (count(client) >= limits::kMaxSeatResourcesPerClient) {
      context.display.end_for_limit(client, interface.name);
      return nullptr;
    }
    wl_resource* resource = wl_resource_create(client, &interface, static_cast<int>(version), id);
    if (resource == nullptr) {
      wl_client_post_no_memory(client);
      return nullptr;
    }
    wl_resource_set_implementation(resource, implementation, data, destroyed);
    entries_.push_back(std::make_unique<Entry>());
    Entry* entry = entries_.back().get();
    entry->resource = resource;
    entry->gone.set_callback([this, entry](void*) {
      std::erase_if(entries_, [&](const auto& e) { return e.get() == entry; });
    });
    entry->gone.connect_destroy(resource);
    return resource;
  }

  template <typename Function>
  void each(wl_client* client, Function function) const {
    if (client == nullptr) return;
    for (const auto& entry : entries_) {
      if (wl_resource_get_client(entry->resource) == client) function(entry->resource);
    }
  }
  template <typename Function>
  void each(Function function) const {
    for (const auto& entry : entries_) function(entry->resource);
  }
  [[nodiscard]] std::size_t count(wl_client* client) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        entries_, [&](const auto& e) { return wl_resource_get_client(e->resource) == client; }));
  }
  [[nodiscard]] bool contains(wl_resource* resource) const {
    return std::ranges::any_of(entries_, [&](const auto& e) { return e->resource == resource; });
  }

 private:
  struct Entry {
    wl_resource* resource = nullptr;
    Listener gone;
  };
  std::vector<std::unique_ptr<Entry>> entries_;
};

// A surface that is held as a focus; null by itself once the surface is gone.
class FocusedSurface {
 public:
  void set(Surface* surface) {
    surface_ = surface;
    client_ = surface == nullptr ? nullptr : surface->client();
    gone_.disconnect();
    if (surface == nullptr) return;
    gone_.set_callback([this](void*) {
      if (on_gone) on_gone();
      surface_ = nullptr;
      client_ = nullptr;
    });
    gone_.connect_destroy(surface->resource());
  }
  [[nodiscard]] Surface* get() const { return surface_; }
  [[nodiscard]] wl_client* client() const { return client_; }
  // Called when the surface goes by itself, while it can still be named in a leave event.
  std::function<void()> on_gone;

 private:
  Surface* surface_ = nullptr;
  wl_client* client_ = nullptr;
  Listener gone_;
};

}  // namespace rp
