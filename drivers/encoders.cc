#include "drivers/encoders.h"

#include <algorithm>
#include <array>

#include "drivers/fake/modelled/encoder.h"
#include "drivers/openh264/encoder.h"
#include "drivers/v4l2/driver.h"
#ifdef RP_HAVE_X264
#include "drivers/x264/encoder.h"
#endif

namespace rp {
namespace {

#ifdef RP_HAVE_X264
constexpr EncoderDriver kX264Row{"x264", match_x264, create_x264_encoder};
#else
Status x264_is_left_out(const EncoderSettings&) {
  return fail(ErrorCode::kUnsupported, "libx264 is not built in (CMake option RP_X264)");
}
Result<std::unique_ptr<BlockingEncoder> > create_nothing(const EncoderSettings& settings) {
  return forward(x264_is_left_out(settings).error());
}
constexpr EncoderDriver kX264Row{"x264", x264_is_left_out, create_nothing};
#endif

constexpr std::array kTable = {
    EncoderDriver{.name = "v4l2", .match = match_v4l2, .create_on = create_v4l2_encoder},
    kX264Row,
    EncoderDriver{"openh264", match_openh264, create_openh264_encoder},
};

}  // namespace

std::span<const EncoderDriver> encoder_drivers() { return kTable; }

std::span<const EncoderDriver> encoder_drivers_for(std::string_view name) {
  if (!name.starts_with("model:")) return kTable;
  const auto models = modelled_encoder_drivers();
  const auto found = std::ranges::find(models, name, &EncoderDriver::name);
  if (found == models.end()) return {};
  return {&*found, 1};
}

}  // namespace rp
