// The product's composers, in order of preference: Vulkan on a GPU (drivers/vulkan), then the CPU's
// (engine/compose), which is always there. Thread rule: any thread; what make_device_composer()
// makes is its shard's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/base/metrics.h"
#include "engine/compose/composer.h"

namespace rp {

enum class ComposerChoice : std::uint8_t {
  kAuto,  // Vulkan where there is a real GPU, and an encoder that reads what it draws
  kCpu,
  kVulkan,  // Vulkan also on a device that is the CPU after all, which is slower
};

// "auto", "cpu" or "vulkan"; kInvalid.
[[nodiscard]] Result<ComposerChoice> parse_composer_choice(std::string_view text);

// One row of the table and whether it can be used: what `rackphone doctor` and GET /v1/health
// print.
struct ComposerMatch {
  std::string_view name;  // "vulkan", "cpu"
  Status status;          // success, or why not
  bool chosen = false;
  bool software = false;  // a device that is the CPU after all
};
struct ComposerPlace {
  // The encoder in use is a device's. For one on the CPU a GPU would only copy each picture back.
  bool device_encoder = false;
  std::string dev = "/dev";  // where GPUs have their nodes
};
// A GPU has a node in `dev`. Asked before Vulkan is, because Vulkan loads every driver that is
// installed into this process to find out: tens of MiB where the only one is the CPU's.
[[nodiscard]] bool has_gpu_node(const std::string& dev);

[[nodiscard]] std::vector<ComposerMatch> match_composers(ComposerChoice choice,
                                                         const ComposerPlace& place);

// For the shard of `loop`, when a device was chosen: the CPU's composer stands behind it
// (FallbackComposer), and what each composes is counted in `registry`.
[[nodiscard]] std::shared_ptr<Composer> make_device_composer(ComposerChoice choice, EventLoop& loop,
                                                             Registry& registry, int shard);

}  // namespace rp
