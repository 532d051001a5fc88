// Damage of one surface, mapped from its own coordinates to output pixels. Always rounded outwards:
// a pixel too many costs a little time, one too few stays wrong on the screen. Thread rule: plain
// functions.
#pragma once

#include "engine/frame/geometry.h"

namespace rp {

struct DamageMapping {
  Size buffer;          // pixels, as stored
  Transform transform;  // of the buffer
  RectF source;         // part of the upright buffer that shows
  Size surface;         // logical
  Rect destination;     // output pixels
};

// `damage` in surface-local coordinates.
void add_surface_damage(const Region& damage, const DamageMapping& mapping, Region& output);
// `damage` in buffer pixels.
void add_buffer_damage(const Region& damage, const DamageMapping& mapping, Region& output);

}  // namespace rp
