// The host's IPv4 forwarding switch, shared by every instance: the first one that needs it turns it
// on and writes down what it was; the last one to go restores it. Kept under
// /run/rackphone-forwarding/. Thread rule: any thread and process; a file lock serialises.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace rp {

[[nodiscard]] Status hold_forwarding(const std::string& tag);
[[nodiscard]] Status release_forwarding(const std::string& tag);

}  // namespace rp
