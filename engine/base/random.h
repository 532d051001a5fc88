// Random bytes for secrets and nonces, injected so that tests can choose them.
// Thread rule: SystemRandom from any thread.
#pragma once

#include <cstddef>
#include <string>

namespace rp {

class Random {
 public:
  virtual ~Random() = default;
  [[nodiscard]] virtual std::string bytes(std::size_t count) = 0;
};

// The kernel's generator (getrandom(2)), which does not fail once the machine has started.
class SystemRandom final : public Random {
 public:
  [[nodiscard]] std::string bytes(std::size_t count) override;
};

}  // namespace rp
