#include "tests/contract/composer/implementations.h"

#include "drivers/vulkan/sync_file.h"

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

void wait_until_written(Picture& picture) {
  if (!picture.ready) return;
  EXPECT_TRUE(vulkan::wait_for_fence(picture.ready.get(), std::chrono::seconds(20)));
  picture.ready.reset();
}

}  // namespace rp
