#include "engine/capture/surface_state.h"

#include <utility>

namespace rp {

ResourceQueue::~ResourceQueue() {
  while (wl_resource* resource = pop()) wl_resource_destroy(resource);
}

void ResourceQueue::push(wl_resource* resource) {
  wl_list_insert(list_.prev, wl_resource_get_link(resource));
}

void ResourceQueue::append(ResourceQueue& other) {
  wl_list_insert_list(list_.prev, &other.list_);
  wl_list_init(&other.list_);
}

wl_resource* ResourceQueue::pop() {
  if (empty()) return nullptr;
  wl_list* link = list_.next;
  wl_list_remove(link);
  wl_list_init(link);
  return wl_resource_from_link(link);
}

std::size_t ResourceQueue::size() const { return static_cast<std::size_t>(wl_list_length(&list_)); }

void ResourceQueue::unlink(wl_resource* resource) {
  wl_list* link = wl_resource_get_link(resource);
  wl_list_remove(link);
  wl_list_init(link);
}

void SurfaceState::merge(SurfaceState& newer) {
  const Changed& c = newer.changed;
  if (c.buffer) buffer = std::move(newer.buffer);
  if (c.opaque) opaque = std::move(newer.opaque);
  if (c.input) {
    input = std::move(newer.input);
    input_limited = newer.input_limited;
  }
  if (c.scale) scale = newer.scale;
  if (c.transform) transform = newer.transform;
  if (c.viewport) {
    viewport_source = newer.viewport_source;
    viewport_destination = newer.viewport_destination;
  }
  changed.buffer |= c.buffer;
  changed.opaque |= c.opaque;
  changed.input |= c.input;
  changed.scale |= c.scale;
  changed.transform |= c.transform;
  changed.viewport |= c.viewport;
  offset.x = saturated_sum(offset.x, newer.offset.x);
  offset.y = saturated_sum(offset.y, newer.offset.y);
  if (!newer.surface_damage.empty()) surface_damage.add(newer.surface_damage);
  if (!newer.buffer_damage.empty()) buffer_damage.add(newer.buffer_damage);
  frame_callbacks.append(newer.frame_callbacks);
  feedbacks.append(newer.feedbacks);
  if (!committed) committed = newer.committed;

  newer.changed = {};
  newer.buffer.reset();
  newer.offset = {};
  newer.surface_damage.clear();
  newer.buffer_damage.clear();
  newer.committed.reset();
}

}  // namespace rp
