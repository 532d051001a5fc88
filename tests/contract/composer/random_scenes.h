// Scenes made by chance, of everything a guest can ask for: positions partly outside, all formats,
// transforms, scales, viewports with fractions, alpha, opaque regions, odd sizes. The same seed
// makes the same scene. Thread rule: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string_view>

#include "engine/frame/frame.h"
#include "tests/contract/composer/memory_buffer.h"

namespace rp {

class RandomScenes {
 public:
  void begin(unsigned seed) { random_.seed(seed); }
  [[nodiscard]] int pick(int low, int high) {
    return std::uniform_int_distribution(low, high)(random_);
  }
  [[nodiscard]] Scene scene(int layers);

 private:
  [[nodiscard]] double unit() { return std::uniform_real_distribution(0.0, 1.0)(random_); }
  [[nodiscard]] std::shared_ptr<MemoryBuffer> buffer(Size size, std::string_view format);
  [[nodiscard]] Layer layer(Size output);

  std::mt19937 random_;
};

}  // namespace rp
