#include "drivers/composers.h"

#include <utility>

#include "drivers/vulkan/composer.h"
#include "engine/compose/fallback_composer.h"

namespace rp {
namespace {

bool takes_software(ComposerChoice choice) { return choice == ComposerChoice::kVulkan; }

}  // namespace

Result<ComposerChoice> parse_composer_choice(std::string_view text) {
  if (text == "auto") return ComposerChoice::kAuto;
  if (text == "cpu") return ComposerChoice::kCpu;
  if (text == "vulkan") return ComposerChoice::kVulkan;
  return fail(ErrorCode::kInvalid, "composer must be auto, cpu or vulkan");
}

std::vector<ComposerMatch> match_composers(ComposerChoice choice) {
  ComposerMatch vulkan{.name = "vulkan", .status = {}};
  if (choice == ComposerChoice::kCpu) {
    vulkan.status = fail(ErrorCode::kUnsupported, "not asked for (--composer cpu)");
  } else {
    const auto found = match_vulkan_composer(takes_software(choice));
    if (found) {
      vulkan.chosen = true;
      vulkan.software = found->software;
    } else {
      vulkan.status = forward(found.error());
    }
  }
  ComposerMatch cpu{.name = "cpu", .status = {}};
  cpu.chosen = !vulkan.chosen;
  std::vector<ComposerMatch> rows;
  rows.push_back(std::move(vulkan));
  rows.push_back(std::move(cpu));
  return rows;
}

std::shared_ptr<Composer> make_composer(ComposerChoice choice, EventLoop& loop, Registry& registry,
                                        int shard) {
  if (!match_composers(choice).front().chosen) return std::make_shared<CpuComposer>();
  auto composer = std::make_shared<FallbackComposer>(
      loop.clock(), [&loop, choice]() -> Result<std::unique_ptr<Composer>> {
        VulkanComposerOptions options;
        options.allow_software = takes_software(choice);
        options.loop = &loop;
        return VulkanComposer::create(loop.clock(), options);
      });
  composer->publish(registry, shard);
  return composer;
}

}  // namespace rp
