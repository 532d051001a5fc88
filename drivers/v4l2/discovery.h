// Finds the memory-to-memory video encoders of this machine. What the media controller says of a
// node (an encoder, a decoder) is believed; a node it does not speak of is asked itself. What was
// found is remembered until the nodes change. Thread rule: any thread; takes milliseconds the first
// time, so not on a frame's way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/v4l2/device.h"
#include "engine/encode/encoder.h"
#include "engine/frame/geometry.h"

namespace rp::v4l2 {

// Coded sizes of one format (VIDIOC_ENUM_FRAMESIZES).
struct SizeRange {
  Size min{1, 1};
  Size max{65'536, 65'536};
  std::vector<Size> discrete;  // only these, unless empty
  // Whether a picture can be coded; the device may align it upwards.
  [[nodiscard]] bool holds(Size size) const;
};

struct CodedFormat {
  Codec codec;
  SizeRange sizes;
};

struct EncoderNode {
  std::string path;    // "/dev/video0"
  std::string driver;  // "vicodec"
  std::string card;
  std::vector<CodedFormat> formats;  // of Codec's; not empty
};

// Of the nodes in `dev`, in the order of their numbers.
[[nodiscard]] std::vector<EncoderNode> find_encoders(const std::string& dev,
                                                     const DeviceOpener& open);
// The same for /dev, looked at once a second at most.
[[nodiscard]] std::vector<EncoderNode> encoders_here();

}  // namespace rp::v4l2
