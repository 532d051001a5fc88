#include "engine/compose/layer_check.h"

#include <algorithm>

#include "engine/base/limits.h"

namespace rp {

const char* fault_of(const Layer& layer, const PixelFormat* format) {
  if (layer.buffer == nullptr) return "a layer has no buffer";
  const FrameBuffer& buffer = *layer.buffer;
  const Size size = buffer.size();
  if (format == nullptr) return "a layer's pixel format is unknown";
  if (size.empty() || std::max(size.width, size.height) > limits::kMaxBufferSide_px) {
    return "a layer's buffer is empty or too large";
  }
  const auto row_bytes = static_cast<std::int64_t>(size.width) * format->bytes_per_pixel;
  if (buffer.plane(0).stride_bytes < row_bytes ||
      buffer.plane(0).stride_bytes > static_cast<std::uint32_t>(INT32_MAX)) {
    return "a layer's stride is shorter than its rows";
  }
  const Size upright = transformed(size, layer.transform);
  const RectF& s = layer.source;
  // Written so that NaN fails.
  const bool fits = s.x >= 0 && s.y >= 0 && s.width > 0 && s.height > 0 &&
                    s.x + s.width <= upright.width && s.y + s.height <= upright.height;
  return fits ? nullptr : "a layer's source lies outside its buffer";
}

bool is_linear(const FrameBuffer& buffer) {
  return buffer.modifier() == kModifierLinear || buffer.modifier() == kModifierInvalid;
}

}  // namespace rp
