#include "drivers/fake/records/software_records.h"
#include "tests/contract/sender/rig.h"

namespace rp {

std::vector<SenderKind> sender_kinds() {
  return {
      {"Fake", make_fake_rig},
      {"WebSocket", make_plain_rig},
      {"WebSocketOverTls", make_tls_rig},
      {"WebSocketOverOffloadedTls",
       [] { return make_offloaded_rig(std::make_shared<SoftwareRecords>(), false); }},
      {"WebSocketHandedOver",
       [] { return make_offloaded_rig(std::make_shared<SoftwareRecords>(), true); }},
  };
}

}  // namespace rp
