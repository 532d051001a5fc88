#include "drivers/encoders.h"

#include <algorithm>
#include <array>

#include "drivers/fake/modelled/encoder.h"
#include "drivers/openh264/encoder.h"
#include "drivers/v4l2/driver.h"
#ifdef RP_HAVE_AVCODEC
#include "drivers/avcodec/driver.h"
#endif
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

#ifdef RP_HAVE_AVCODEC
constexpr EncoderDriver kVaapiRow{
    .name = "vaapi", .match = match_vaapi, .create_on = create_vaapi_encoder};
constexpr EncoderDriver kNvencRow{
    .name = "nvenc", .match = match_nvenc, .create_on = create_nvenc_encoder};
#else
Status avcodec_is_left_out(const EncoderSettings&) {
  return fail(ErrorCode::kUnsupported, "it is not built in (CMake option RP_AVCODEC)");
}
Result<std::unique_ptr<Encoder> > create_no_device(EventLoop&, const EncoderSettings& settings,
                                                   Encoder::Completion) {
  return forward(avcodec_is_left_out(settings).error());
}
constexpr EncoderDriver kVaapiRow{
    .name = "vaapi", .match = avcodec_is_left_out, .create_on = create_no_device};
constexpr EncoderDriver kNvencRow{
    .name = "nvenc", .match = avcodec_is_left_out, .create_on = create_no_device};
#endif

constexpr std::array kTable = {
    EncoderDriver{.name = "v4l2", .match = match_v4l2, .create_on = create_v4l2_encoder},
    kVaapiRow,
    kNvencRow,
    kX264Row,
    EncoderDriver{"openh264", match_openh264, create_openh264_encoder},
};

}  // namespace

std::span<const EncoderDriver> encoder_drivers() { return kTable; }

std::string_view encoder_advice(std::string_view name) {
  if (name == "v4l2") {
    return "on a board with a codec chip: load its driver, let the engine's user into the group "
           "video (docs/hardware.md)";
  }
  if (name == "vaapi") {
    return "with an Intel or AMD GPU: apt-get install libavcodec59 and its VA-API driver, let the "
           "engine's user into the group render (docs/hardware.md)";
  }
  if (name == "nvenc") {
    return "with an NVIDIA GPU that has NVENC: install NVIDIA's driver with libnvidia-encode, and "
           "libavcodec59 (docs/hardware.md)";
  }
  if (name == "x264") return "build with -DRP_X264=ON (docs/operations.md on its licence)";
  return "choose a smaller screen";
}

std::span<const EncoderDriver> encoder_drivers_for(std::string_view name) {
  if (!name.starts_with("model:")) return kTable;
  const auto models = modelled_encoder_drivers();
  const auto found = std::ranges::find(models, name, &EncoderDriver::name);
  if (found == models.end()) return {};
  return {&*found, 1};
}

}  // namespace rp
