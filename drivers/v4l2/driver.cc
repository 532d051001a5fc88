#include "drivers/v4l2/driver.h"

#include <algorithm>
#include <string>
#include <utility>

#include "drivers/v4l2/discovery.h"
#include "drivers/v4l2/encoder.h"
#include "drivers/v4l2/format.h"
#include "drivers/v4l2/memory.h"
#include "engine/encode/settings.h"

namespace rp {
namespace {

std::string text(Size size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

// Why this node does not encode such pictures, or success.
Status serves(const v4l2::EncoderNode& node, const EncoderSettings& settings) {
  const std::string name = node.path + " (" + node.driver + ")";
  const auto format = std::ranges::find(node.formats, settings.codec, &v4l2::CodedFormat::codec);
  if (format == node.formats.end()) {
    std::string has;
    for (const auto& other : node.formats) {
      has += (has.empty() ? "" : ", ") + std::string(v4l2::codec_name(other.codec));
    }
    return fail(ErrorCode::kUnsupported, name + " encodes " + has + ", not " +
                                             std::string(v4l2::codec_name(settings.codec)));
  }
  const Size coded = even(settings.size);
  if (!format->sizes.holds(coded)) {
    return fail(ErrorCode::kUnsupported, name + " encodes " + text(format->sizes.min) + " to " +
                                             text(format->sizes.max) + ", not " + text(coded));
  }
  return {};
}

}  // namespace

Status match_v4l2(const EncoderSettings& settings) {
  RP_TRY(check_bounds(settings));
  std::string reasons;
  for (const v4l2::EncoderNode& node : v4l2::encoders_here()) {
    const Status status = serves(node, settings);
    if (status) return {};
    reasons += (reasons.empty() ? "" : "; ") + status.error().operation;
  }
  if (reasons.empty()) reasons = "no V4L2 encoder among /dev/video*";
  return fail(ErrorCode::kUnsupported, reasons);
}

Result<std::unique_ptr<Encoder>> create_v4l2_encoder(EventLoop& loop,
                                                     const EncoderSettings& settings,
                                                     Encoder::Completion completion) {
  RP_TRY(match_v4l2(settings));
  const Encoder::Completion told = std::move(completion);  // to whichever node serves
  Error last{ErrorCode::kUnsupported, 0, "no V4L2 encoder"};
  for (const v4l2::EncoderNode& node : v4l2::encoders_here()) {
    if (!serves(node, settings)) continue;
    auto encoder = v4l2::DeviceEncoder::create(
        {loop, v4l2::open_device, node.path, v4l2::pictures_of(node.path)}, settings, told);
    if (encoder) return encoder;
    last = std::move(encoder).error();
  }
  return forward(std::move(last));
}

}  // namespace rp
