// An image as JSON, the same in REST and in the command line's --json. Place: containers/images.
// Thread rule: a plain function.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "containers/images/image_store.h"

namespace rp {

// Fields: name, title, digest, state, size_bytes, built_at (seconds since 1970).
[[nodiscard]] nlohmann::json image_json(const Image& image);

}  // namespace rp
