#include "bench/peers/app/x11_window.h"

namespace rp::peers {

Status run_x11(int, int, const DrawFrame&) {
  return fail(ErrorCode::kUnsupported, "built without xcb-shm (package libxcb-shm0-dev)");
}

}  // namespace rp::peers
