#include "tests/contract/sender/rig.h"
#include "tests/lab/ktls/kernel.h"

namespace rp {

std::vector<SenderKind> sender_kinds() {
  return {
      {"WebSocketOverTls", make_tls_rig},
      {"WebSocketOverKernelTls", [] { return make_offloaded_rig(lab_kernel(), false); }},
      {"WebSocketHandedOver", [] { return make_offloaded_rig(lab_kernel(), true); }},
  };
}

}  // namespace rp
