#include "drivers/composers.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "drivers/vulkan/composer.h"
#include "engine/compose/fallback_composer.h"

namespace rp {
namespace {

bool takes_software(ComposerChoice choice) { return choice == ComposerChoice::kVulkan; }

}  // namespace

bool has_gpu_node(const std::string& dev) {
  constexpr std::array<std::string_view, 3> kNodes = {"dri/renderD", "nvidia", "mali"};
  return std::ranges::any_of(kNodes, [&](std::string_view node) {
    const std::filesystem::path start = std::filesystem::path(dev) / node;
    std::error_code error;
    const auto entries = std::filesystem::directory_iterator(start.parent_path(), error);
    return std::any_of(begin(entries), end(entries), [&](const auto& entry) {
      return entry.path().string().starts_with(start.string());
    });
  });
}

Result<ComposerChoice> parse_composer_choice(std::string_view text) {
  if (text == "auto") return ComposerChoice::kAuto;
  if (text == "cpu") return ComposerChoice::kCpu;
  if (text == "vulkan") return ComposerChoice::kVulkan;
  return fail(ErrorCode::kInvalid, "composer must be auto, cpu or vulkan");
}

std::vector<ComposerMatch> match_composers(ComposerChoice choice, const ComposerPlace& place) {
  ComposerMatch vulkan{.name = "vulkan", .status = {}};
  if (choice == ComposerChoice::kCpu) {
    vulkan.status = fail(ErrorCode::kUnsupported, "not asked for (--composer cpu)");
  } else if (choice == ComposerChoice::kAuto && !has_gpu_node(place.dev)) {
    vulkan.status = fail(ErrorCode::kUnsupported, "no GPU has a node in " + place.dev);
  } else if (choice == ComposerChoice::kAuto && !place.device_encoder) {
    vulkan.status = fail(ErrorCode::kUnsupported,
                         "the encoder in use is on the CPU: each picture would be copied back");
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

std::shared_ptr<Composer> make_device_composer(ComposerChoice choice, EventLoop& loop,
                                               Registry& registry, int shard) {
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
