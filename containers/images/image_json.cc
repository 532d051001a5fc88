#include "containers/images/image_json.h"

#include <nlohmann/json.hpp>

namespace rp {

nlohmann::json image_json(const Image& image) {
  return {{"name", image.name},
          {"title", image.title},
          {"digest", image.digest},
          {"state", to_string(image.state)},
          {"size_bytes", image.size_bytes},
          {"built_at", image.built_unix_s}};
}

}  // namespace rp
