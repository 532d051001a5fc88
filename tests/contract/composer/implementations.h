// The composers the contract suite runs against. Thread rule: tests only.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "engine/compose/composer.h"
#include "engine/compose/cpu_composer.h"

namespace rp {

struct ComposerImplementation {
  std::string name;
  std::unique_ptr<Composer> (*create)();
};

inline void PrintTo(const ComposerImplementation& i, std::ostream* out) { *out << i.name; }

inline ComposerImplementation cpu_composer_implementation() {
  return {"cpu", []() -> std::unique_ptr<Composer> { return std::make_unique<CpuComposer>(); }};
}

}  // namespace rp
