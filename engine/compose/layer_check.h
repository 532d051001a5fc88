// What every composer asks of a layer before it touches its pixels: a guest's sizes, strides and
// sources are not believed. Thread rule: pure functions.
#pragma once

#include "engine/compose/pixel_format.h"
#include "engine/frame/frame.h"

namespace rp {

// Null when the layer can be drawn, or what is wrong with it. `format` is the buffer's, null when
// it is not known.
[[nodiscard]] const char* fault_of(const Layer& layer, const PixelFormat* format);

// Rows one after the other: what a CPU can read. An unnamed modifier counts as that, because no
// other is accepted without a name.
[[nodiscard]] bool is_linear(const FrameBuffer& buffer);

}  // namespace rp
