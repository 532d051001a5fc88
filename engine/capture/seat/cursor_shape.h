// CursorShapes: wp_cursor_shape_v1: a client names the pointer's shape and the viewer draws its
// own. Place: in front of the cursor. Thread rule: the display's loop.
#pragma once

#include "engine/capture/seat/pointer.h"
#include "engine/capture/seat/resources.h"

namespace rp {

class CursorShapes {
 public:
  CursorShapes(SeatContext& context, Pointer& pointer);
  ~CursorShapes();

 private:
  struct Requests;
  static void bind(wl_client* client, void* data, std::uint32_t version, std::uint32_t id);

  SeatContext& context_;
  Pointer& pointer_;
  wl_global* global_;
  ResourceSet managers_;
  ResourceSet devices_;
};

}  // namespace rp
