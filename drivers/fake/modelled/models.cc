#include "drivers/fake/modelled/models.h"

#include <algorithm>
#include <array>

namespace rp {
namespace {

constexpr std::uint64_t rate(std::uint64_t width_px, std::uint64_t height_px, std::uint64_t fps,
                             std::uint64_t streams = 1) {
  return ((width_px + 15) / 16) * ((height_px + 15) / 16) * fps * streams;
}

// A figure given for "1080p" is of 1920×1088 coded pixels. Peak figures are of each vendor's
// fastest setting; a real device at better quality encodes less.
constexpr std::array kModels = {
    // Rockchip Linux SDK documentation, table of encoding capability: H.264 7680x4320 at 30.
    EncoderModel{"model:rk3588", "Rockchip RK3588, H.264 8K30 by the vendor's SDK documentation",
                 rate(7680, 4320, 30)},
    // The same table: H.264 4096x2304 at 60.
    EncoderModel{"model:rk3576", "Rockchip RK3576, H.264 4096x2304 at 60 by the SDK documentation",
                 rate(4096, 2304, 60)},
    // The same table: H.264 1920x1088 at 30.
    EncoderModel{"model:rk3399", "Rockchip RK3399, H.264 1080p30 by the SDK documentation",
                 rate(1920, 1088, 30)},
    // Qualcomm document 80-88500-4, "Video encode", Adreno VPU 665: H.264 1920x1088 at 480.
    EncoderModel{"model:qrb5165", "Qualcomm QRB5165 (Adreno VPU 665), H.264 1080p480 by the vendor",
                 rate(1920, 1088, 480)},
    // SpacemiT, Bianbu Linux documentation, media/mpp/VPU: H.264 encode 4 x 1080p30.
    EncoderModel{"model:spacemit-k1", "SpacemiT K1, H.264 4 x 1080p30 by the vendor",
                 rate(1920, 1088, 30, 4)},
    // Raspberry Pi 4 Model B specification: H.264 encode 1080p30.
    EncoderModel{"model:bcm2711", "Raspberry Pi 4 (BCM2711), H.264 1080p30 by the vendor",
                 rate(1920, 1088, 30)},
    // AWS Compute Blog, "Deep dive on Amazon EC2 VT1 instances": each XCU30 SoC transcodes
    // 8 x 1080p30, and at most 24 streams (960x540p30) at a time. A U30 card has two.
    EncoderModel{"model:xcu30", "one SoC of a Xilinx Alveo U30 card, 8 x 1080p30 by AWS",
                 rate(1920, 1088, 30, 8), Duration(0), 24},
    // Luxonis DepthAI documentation, VideoEncoder node: 3840x2160 at 30 (248 million pixels a
    // second) shared by at most three streams.
    EncoderModel{"model:myriadx", "Intel Movidius Myriad X, 4K30 and 3 streams by Luxonis",
                 rate(3840, 2160, 30), Duration(0), 3},
    // Wikipedia, "Nvidia NVENC": second generation up to 16 x 1080p30 with the fastest preset;
    // GeForce drivers since January 2024 allow eight sessions.
    EncoderModel{"model:nvenc-gen2", "NVIDIA NVENC of the second generation on GeForce, peak",
                 rate(1920, 1088, 30, 16), Duration(0), 8},
    // Wikipedia, "Video Coding Engine": the first generation's full-fixed mode, 1080p60.
    EncoderModel{"model:amd-vce1", "AMD Video Coding Engine of the first generation, 1080p60",
                 rate(1920, 1088, 60)},
    // Vibepollo, release notes of native-amf-test-1: a Radeon RX 7900 XT encodes a 1080p picture in
    // 1.7 ms and one of 1440p in 2.65 ms. A line through both: 0.95 ms for 6,240 macroblocks more,
    // 0.458 ms for none.
    EncoderModel{"model:rx7900xt",
                 "AMD Radeon RX 7900 XT through AMF, from two published latencies", 6'568'421,
                 Duration(458)},
};

}  // namespace

std::span<const EncoderModel> encoder_models() { return kModels; }

const EncoderModel* find_encoder_model(std::string_view name) {
  const auto found = std::ranges::find(kModels, name, &EncoderModel::name);
  return found == kModels.end() ? nullptr : &*found;
}

}  // namespace rp
