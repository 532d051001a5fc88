#include "tests/contract/composer/implementations.h"

namespace rp {

Result<std::shared_ptr<VulkanComposer>> test_vulkan_composer() {
  static const SystemClock clock;
  static const auto made = [] {
    // A test may not fail because a machine is slow.
    return VulkanComposer::create(clock,
                                  {.allow_software = true, .patience = std::chrono::seconds(20)});
  }();
  if (!made) return forward(made.error());
  // Never destroyed before the process ends: no owner.
  return std::shared_ptr<VulkanComposer>(made->get(), [](VulkanComposer*) {});
}

}  // namespace rp
