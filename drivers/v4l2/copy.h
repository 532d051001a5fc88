// Puts a picture into a device's buffer when the device cannot read it where it lies: one pass over
// the pixels, converting between I420 and NV12 on the way. Thread rule: a plain function.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "drivers/v4l2/format.h"
#include "engine/frame/picture.h"

namespace rp::v4l2 {

// `planes`: memory of the buffer's memory planes, as large as buffer_layout() has checked. The
// picture is mapped. The padding of the buffer, if any, repeats the picture's last column and row,
// so that it costs the encoder nothing.
void copy_picture(const Picture& picture, const BufferLayout& layout, Size buffer,
                  const std::array<std::span<std::uint8_t>, 3>& planes);

}  // namespace rp::v4l2
