#include "drivers/v4l2/media.h"

#include <linux/media.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <span>
#include <vector>

namespace rp::v4l2 {
namespace {

constexpr std::uint32_t kMostObjects = 4096;

//   interface (a video node) ──interface link── entity (of the queue) ──pads, data link── entity
//                                                                                    (the codec)
struct Topology {
  std::vector<media_v2_entity> entities;
  std::vector<media_v2_interface> interfaces;
  std::vector<media_v2_pad> pads;
  std::vector<media_v2_link> links;
};

Result<Topology> read_topology(Device& device) {
  media_v2_topology answer{};
  RP_TRY(RP_V4L2(device, MEDIA_IOC_G_TOPOLOGY, &answer));
  const std::uint32_t most = std::max(std::max(answer.num_entities, answer.num_interfaces),
                                      std::max(answer.num_pads, answer.num_links));
  if (most > kMostObjects) return fail(ErrorCode::kInvalid, "a media device with too many parts");
  Topology topology;
  topology.entities.resize(answer.num_entities);
  topology.interfaces.resize(answer.num_interfaces);
  topology.pads.resize(answer.num_pads);
  topology.links.resize(answer.num_links);
  answer.ptr_entities = reinterpret_cast<std::uintptr_t>(topology.entities.data());
  answer.ptr_interfaces = reinterpret_cast<std::uintptr_t>(topology.interfaces.data());
  answer.ptr_pads = reinterpret_cast<std::uintptr_t>(topology.pads.data());
  answer.ptr_links = reinterpret_cast<std::uintptr_t>(topology.links.data());
  RP_TRY(RP_V4L2(device, MEDIA_IOC_G_TOPOLOGY, &answer));
  return topology;
}

std::uint32_t kind_of(const media_v2_link& link) {
  return link.flags & static_cast<std::uint32_t>(MEDIA_LNK_FL_LINK_TYPE);
}

std::uint32_t entity_of_pad(const Topology& topology, std::uint32_t pad) {
  const auto found = std::ranges::find(topology.pads, pad, &media_v2_pad::id);
  return found == topology.pads.end() ? 0 : found->entity_id;
}

// The codec function of the entity or of one a data link joins it with; 0 when there is none.
std::uint32_t codec_function(const Topology& topology, std::uint32_t entity) {
  const auto function = [&](std::uint32_t id) -> std::uint32_t {
    const auto found = std::ranges::find(topology.entities, id, &media_v2_entity::id);
    if (found == topology.entities.end()) return 0;
    const bool codec = found->function == MEDIA_ENT_F_PROC_VIDEO_ENCODER ||
                       found->function == MEDIA_ENT_F_PROC_VIDEO_DECODER;
    return codec ? found->function : 0;
  };
  if (const std::uint32_t own = function(entity)) return own;
  for (const media_v2_link& link : topology.links) {
    if (kind_of(link) != MEDIA_LNK_FL_DATA_LINK) continue;
    const std::uint32_t source = entity_of_pad(topology, link.source_id);
    const std::uint32_t sink = entity_of_pad(topology, link.sink_id);
    if (source != entity && sink != entity) continue;
    if (const std::uint32_t next = function(source == entity ? sink : source)) return next;
  }
  return 0;
}

}  // namespace

Result<std::map<std::uint64_t, bool>> functions_of(const std::string& path,
                                                   const DeviceOpener& open) {
  RP_ASSIGN(const auto device, open(path));
  RP_ASSIGN(const Topology topology, read_topology(*device));
  std::map<std::uint64_t, bool> functions;
  for (const media_v2_interface& interface : topology.interfaces) {
    if (interface.intf_type != MEDIA_INTF_T_V4L_VIDEO) continue;
    for (const media_v2_link& link : topology.links) {
      const bool of_it =
          kind_of(link) == MEDIA_LNK_FL_INTERFACE_LINK && link.source_id == interface.id;
      const std::uint32_t function = of_it ? codec_function(topology, link.sink_id) : 0;
      if (function == 0) continue;
      functions[makedev(interface.devnode.major, interface.devnode.minor)] =
          function == MEDIA_ENT_F_PROC_VIDEO_ENCODER;
    }
  }
  return functions;
}

}  // namespace rp::v4l2
