// The composers the contract suite runs against, and the memory of the pictures each is given. One
// whose device is not on this machine skips with the reason. Thread rule: tests only.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "drivers/vulkan/composer.h"
#include "engine/compose/composer.h"
#include "engine/compose/cpu_composer.h"
#include "engine/frame/picture_memory.h"
#include "tests/contract/composer/nv12_memory.h"

namespace rp {

struct ComposerImplementation {
  std::string name;
  // May be shared by tests: making a device can take long.
  Result<std::shared_ptr<Composer>> (*create)();
  PictureAllocator& (*memory)() = plain_memory;  // of the pictures it is given
};

inline void PrintTo(const ComposerImplementation& i, std::ostream* out) { *out << i.name; }

inline ComposerImplementation cpu_composer_implementation() {
  return {"cpu",
          []() -> Result<std::shared_ptr<Composer>> { return std::make_shared<CpuComposer>(); }};
}

inline PictureAllocator& nv12_memory() {
  static Nv12Allocator allocator;
  return allocator;
}

inline ComposerImplementation cpu_composer_into_nv12() {
  ComposerImplementation made = cpu_composer_implementation();
  made.name = "cpu_nv12";
  made.memory = nv12_memory;
  return made;
}

// The process's one Vulkan composer, on a software device where there is no other.
[[nodiscard]] Result<std::shared_ptr<VulkanComposer>> test_vulkan_composer();

inline Result<std::shared_ptr<Composer>> vulkan_composer() {
  RP_ASSIGN(std::shared_ptr<Composer> composer, test_vulkan_composer());
  return composer;
}

inline ComposerImplementation vulkan_composer_into(const char* name,
                                                   PictureAllocator& (*memory)()) {
  return {name, vulkan_composer, memory};
}

// Pictures of the device's own; plain ones where there is no device.
inline PictureAllocator& vulkan_memory() {
  const auto composer = test_vulkan_composer();
  return composer ? (*composer)->picture_memory() : plain_memory();
}

inline auto all_composers() {
  return testing::Values(cpu_composer_implementation(), cpu_composer_into_nv12(),
                         vulkan_composer_into("vulkan_i420", plain_memory),
                         vulkan_composer_into("vulkan_nv12", nv12_memory),
                         vulkan_composer_into("vulkan_own_memory", vulkan_memory));
}

// A test may not fail because a machine is slow.
inline constexpr Duration kTestPatience = std::chrono::seconds(20);

}  // namespace rp
