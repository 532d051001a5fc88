// The composer as plainly as it can be written: every pixel by itself, in doubles, without a
// library. What the real ones are compared with. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/frame/frame.h"
#include "engine/frame/picture.h"

namespace rp {

// A scene in YUV 4:2:0, values as fractions of a byte step (235.0 is white luma).
struct ReferencePicture {
  Size coded;
  std::vector<double> y;  // coded.width a row
  std::vector<double> u;  // coded.width / 2 a row
  std::vector<double> v;
};

// Layers' buffers must be MemoryBuffers.
[[nodiscard]] ReferencePicture compose_reference(const Scene& scene);

// Largest difference in any plane over the coded picture.
[[nodiscard]] double largest_difference(const ReferencePicture& a, const Picture& b);

}  // namespace rp
