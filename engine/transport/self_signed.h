// A self-signed certificate for a host that has none yet, and for tests: ECDSA P-256, valid ten
// years, since people accept its fingerprint once. Thread rule: any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace rp {

struct SelfSignedCertificate {
  std::string certificate_pem;
  std::string key_pem;
};

// `names` become subjectAltName entries: host names and numeric addresses; the first is the common
// name.
[[nodiscard]] Result<SelfSignedCertificate> make_self_signed(const std::vector<std::string>& names);

}  // namespace rp
