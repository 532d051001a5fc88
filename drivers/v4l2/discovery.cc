#include "drivers/v4l2/discovery.h"

#include <linux/videodev2.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "drivers/v4l2/format.h"
#include "drivers/v4l2/instance.h"
#include "drivers/v4l2/media.h"
#include "drivers/v4l2/queue.h"

namespace rp::v4l2 {
namespace {

constexpr std::size_t kMaxNodes = 256;
constexpr std::uint32_t kMaxSizes = 256;
// Every phone that begins to draw asks, and reading /dev takes a tenth of a millisecond.
constexpr auto kLookAgain = std::chrono::seconds(1);

struct Node {
  int number = 0;
  std::string path;
  std::uint64_t device = 0;
  std::int64_t changed_ns = 0;
  auto operator<=>(const Node&) const = default;
};

// "video12" → 12, for the given kind of node.
std::optional<int> number_of(std::string_view name, std::string_view kind) {
  if (!name.starts_with(kind)) return std::nullopt;
  name.remove_prefix(kind.size());
  int number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

std::vector<Node> nodes_in(const std::string& dev, std::string_view kind) {
  std::vector<Node> nodes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dev, error)) {
    const auto number = number_of(entry.path().filename().string(), kind);
    struct stat status {};
    if (!number || ::stat(entry.path().c_str(), &status) != 0) continue;
    nodes.push_back({*number, entry.path().string(), status.st_rdev,
                     status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec});
    if (nodes.size() == kMaxNodes) break;
  }
  std::ranges::sort(nodes);
  return nodes;
}

Size bounded_size(std::uint32_t width, std::uint32_t height) {
  constexpr std::uint32_t kMost = 65'536;
  return {static_cast<std::int32_t>(std::min(width, kMost)),
          static_cast<std::int32_t>(std::min(height, kMost))};
}

SizeRange sizes_of(Device& device, std::uint32_t fourcc) {
  SizeRange range;
  for (std::uint32_t i = 0; i < kMaxSizes; ++i) {
    v4l2_frmsizeenum size{};
    size.index = i;
    size.pixel_format = fourcc;
    if (!RP_V4L2(device, VIDIOC_ENUM_FRAMESIZES, &size)) break;  // the end, or not told
    if (size.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
      range.discrete.push_back(bounded_size(size.discrete.width, size.discrete.height));
      continue;
    }
    range.min = bounded_size(size.stepwise.min_width, size.stepwise.min_height);
    range.max = bounded_size(size.stepwise.max_width, size.stepwise.max_height);
    break;
  }
  return range;
}

Result<EncoderNode> look_at(const std::string& path, const DeviceOpener& open) {
  RP_ASSIGN(const auto device, open(path));
  RP_ASSIGN(const DeviceCapability capability, query_capability(*device));
  const Queue capture(*device, Direction::kCapture, capability.multiplanar);
  RP_ASSIGN(const auto offered, capture.formats());
  EncoderNode node{path, capability.driver, capability.card, {}};
  for (const std::uint32_t fourcc : offered) {
    if (const auto codec = codec_of(fourcc)) {
      node.formats.push_back({*codec, sizes_of(*device, fourcc)});
    }
  }
  if (node.formats.empty()) return fail(ErrorCode::kUnsupported, path + " is no encoder");
  return node;
}

}  // namespace

bool SizeRange::holds(Size size) const {
  if (!discrete.empty()) return std::ranges::find(discrete, size) != discrete.end();
  return size.width >= min.width && size.height >= min.height && size.width <= max.width &&
         size.height <= max.height;
}

std::vector<EncoderNode> find_encoders(const std::string& dev, const DeviceOpener& open) {
  std::set<std::uint64_t> other;  // nodes that are known to be something else
  for (const Node& media : nodes_in(dev, "media")) {
    const auto functions = functions_of(media.path, open);
    if (!functions) continue;
    for (const auto& [device, encodes] : *functions) {
      if (!encodes) other.insert(device);
    }
  }
  std::vector<EncoderNode> found;
  for (const Node& node : nodes_in(dev, "video")) {
    if (other.contains(node.device)) continue;
    if (auto encoder = look_at(node.path, open)) found.push_back(std::move(*encoder));
  }
  return found;
}

std::vector<EncoderNode> encoders_here() {
  static std::mutex mutex;
  static std::chrono::steady_clock::time_point looked;
  static std::vector<Node> known;
  static std::vector<EncoderNode> found;
  const std::lock_guard lock(mutex);
  const auto now = std::chrono::steady_clock::now();
  if (looked.time_since_epoch().count() != 0 && now - looked < kLookAgain) return found;
  looked = now;
  std::vector<Node> nodes = nodes_in("/dev", "video");
  if (nodes != known) {
    found = nodes.empty() ? std::vector<EncoderNode>{} : find_encoders("/dev", open_device);
    known = std::move(nodes);
  }
  return found;
}

}  // namespace rp::v4l2
