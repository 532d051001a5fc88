// What the media controller (kernel documentation, "Media Controller API") says a video node is
// for. Thread rule: plain functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "drivers/v4l2/device.h"

namespace rp::v4l2 {

// For each video node that belongs to a codec of this media device, by device number (st_rdev):
// whether it encodes. Nodes whose entities name no codec function are left out.
[[nodiscard]] Result<std::map<std::uint64_t, bool>> functions_of(const std::string& path,
                                                                 const DeviceOpener& open);

}  // namespace rp::v4l2
