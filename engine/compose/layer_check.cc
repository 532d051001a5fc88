#include "engine/compose/layer_check.h"

#include <algorithm>

#include "engine/base/limits.h"

namespace rp {
namespace {

constexpr auto kLongestStride = static_cast<std::uint32_t>(INT32_MAX);

}  // namespace

const char* fault_of(const Layer& layer, const PixelFormat* format) {
  if (layer.buffer == nullptr) return "a layer has no buffer";
  const FrameBuffer& buffer = *layer.buffer;
  const Size size = buffer.size();
  if (format == nullptr) return "a layer's pixel format is unknown";
  if (size.empty() || std::max(size.width, size.height) > limits::kMaxBufferSide_px) {
    return "a layer's buffer is empty or too large";
  }
  const PixelLayout& layout = *find_pixel_layout(format->code);
  if (is_linear(buffer) && buffer.plane_count() != layout.plane_count) {
    return "a layer has not the planes of its format";
  }
  for (int plane = 0; plane < buffer.plane_count(); ++plane) {
    const std::uint32_t stride = buffer.plane(plane).stride_bytes;
    // What a stride is in an order of a device's own is the device's to check.
    const std::int64_t least = is_linear(buffer) ? layout.row_bytes(plane, size.width) : 0;
    if (stride < least || stride > kLongestStride) {
      return "a layer's stride is shorter than its rows";
    }
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
