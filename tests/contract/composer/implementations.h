// The composers the contract suite runs against. Thread rule: tests only.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "engine/compose/composer.h"
#include "engine/compose/cpu_composer.h"
#include "engine/frame/picture_memory.h"
#include "tests/contract/composer/nv12_memory.h"

namespace rp {

struct ComposerImplementation {
  std::string name;
  std::unique_ptr<Composer> (*create)();
  PictureAllocator& (*memory)() = plain_memory;  // of the pictures it is given
};

inline void PrintTo(const ComposerImplementation& i, std::ostream* out) { *out << i.name; }

inline ComposerImplementation cpu_composer_implementation() {
  return {"cpu", []() -> std::unique_ptr<Composer> { return std::make_unique<CpuComposer>(); }};
}

inline ComposerImplementation cpu_composer_into_nv12() {
  ComposerImplementation made = cpu_composer_implementation();
  made.name = "cpu_nv12";
  made.memory = []() -> PictureAllocator& {
    static Nv12Allocator allocator;
    return allocator;
  };
  return made;
}

}  // namespace rp
