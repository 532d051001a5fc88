#include "tests/contract/composer/implementations.h"

// LeakSanitizer asks for it: what lavapipe leaks is not ours.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libvulkan_lvp"; }

namespace rp {

Result<std::shared_ptr<VulkanComposer>> test_vulkan_composer() {
  static const SystemClock clock;
  // Never destroyed, so that its driver stays loaded and a leak of the driver's has its name. A
  // test may not fail because a machine is slow.
  static const auto& made = *new Result<std::unique_ptr<VulkanComposer>>(VulkanComposer::create(
      clock, {.allow_software = true, .patience = std::chrono::seconds(20)}));
  if (!made) return forward(made.error());
  return std::shared_ptr<VulkanComposer>(made->get(), [](VulkanComposer*) {});
}

}  // namespace rp
