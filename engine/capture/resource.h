// Small tools for protocol objects: making resources that a C++ object stands behind, and finding
// that object again. Thread rule: the display's loop.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <wayland-server-core.h>

namespace rp {

// The object behind a resource made by bind_object() or make_object(); null when it is inert.
template <typename T>
T* object_of(wl_resource* resource) {
  return resource == nullptr ? nullptr : static_cast<T*>(wl_resource_get_user_data(resource));
}

// `implementation` never changes a resource, but libwayland takes it as a plain pointer.
template <typename I>
void implement(wl_resource* resource, const I& implementation, void* data,
               wl_resource_destroy_func_t destroy = nullptr) {
  wl_resource_set_implementation(resource, &implementation, data, destroy);
}

// A resource of its own with no object behind it yet, or null after wl_client_post_no_memory.
inline wl_resource* make_resource(wl_client* client, const wl_interface& interface, int version,
                                  std::uint32_t id) {
  wl_resource* resource = wl_resource_create(client, &interface, version, id);
  if (resource == nullptr) wl_client_post_no_memory(client);
  return resource;
}

// Makes a resource and the T that it owns: `new T(resource, arguments…)` dies with the resource.
// Null when out of memory (the client is ended).
template <typename T, typename I, typename... Arguments>
T* make_object(wl_client* client, const wl_interface& interface, int version, std::uint32_t id,
               const I& implementation, Arguments&&... arguments) {
  wl_resource* resource = make_resource(client, interface, version, id);
  if (resource == nullptr) return nullptr;
  T* object = new T(resource, std::forward<Arguments>(arguments)...);
  implement(resource, implementation, object,
            [](wl_resource* r) { delete static_cast<T*>(wl_resource_get_user_data(r)); });
  return object;
}

// The destructor request every interface has.
inline void destroy_resource(wl_client* /*client*/, wl_resource* resource) {
  wl_resource_destroy(resource);
}

}  // namespace rp
