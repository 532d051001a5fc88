// The certificate of a host that was given none: made once, self-signed (ECDSA P-256), kept in two
// files so that browsers which accepted it meet the same one again. Thread rule: any thread, one at
// a time.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace rp {

struct CertificateFiles {
  std::string certificate_file;  // DIR/cert.pem, mode 0644
  std::string key_file;          // DIR/key.pem, mode 0600
  std::string fingerprint;       // SHA-256 of the certificate, "AB:CD:…", as browsers show it
};

// Takes what is in `directory`, or makes a certificate for `names` (host names and numeric
// addresses) when there is none. kInvalid, naming the file, when one of the two is missing or
// unreadable: a key is never written over. The directory must exist.
[[nodiscard]] Result<CertificateFiles> ensure_certificate(const std::string& directory,
                                                          const std::vector<std::string>& names);

}  // namespace rp
