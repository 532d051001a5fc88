// Records the commands that draw a planned scene into a picture: layers into the scratch, back to
// front, then the scratch into YUV; and hands memory of others over to the device and back (queue
// family ownership, as VK_EXT_queue_family_foreign has it). Thread rule: the shard's.
#pragma once

#include <span>

#include "drivers/vulkan/source.h"
#include "drivers/vulkan/target.h"

namespace rp::vulkan {

// The matrix a picture is made with; both in limited range.
enum class ColourMatrix : std::uint8_t { kBt601, kBt709 };

struct Recording {
  Device& device;
  Work& work;
  const ScenePlan& plan;
  std::span<const Source> sources;  // one an entry; without meaning for entries that are not seen
  std::span<const ReadPlan> reads;  // likewise
  const Target& target;
  const Picture& picture;
  VkBuffer scratch;
  ColourMatrix matrix = ColourMatrix::kBt601;
};

[[nodiscard]] Status record(const Recording& recording);

}  // namespace rp::vulkan
