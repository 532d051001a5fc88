// A codec of libavcodec as a BlockingEncoder: one picture in (avcodec_send_frame), its access unit
// out (avcodec_receive_packet), nothing held back. Which codec it is, its options and the way
// pictures reach it (input.h) are given: VA-API, NVENC and codecs on the CPU go through the same
// code. No B-frames, no look-ahead, one reference, key frames on demand; the rate is an average
// under a model buffer of vbv_ms. Thread rule: BlockingEncoder's.
#pragma once

#include <memory>
#include <span>

#include "drivers/avcodec/input.h"
#include "engine/encode/encoder.h"

namespace rp::avcodec {

struct Option {
  const char* name;
  const char* value;
};

struct CodecSpec {
  const char* name;  // libavcodec's: "h264_vaapi"
  Codec codec;
  std::span<const Option> options;
  // It takes another bit rate while it runs. Otherwise it is opened anew, which costs a key frame.
  bool live_rate;
};

// kUnsupported: libavcodec is built without it; kUnavailable: it cannot be opened, with the reason.
[[nodiscard]] Result<std::unique_ptr<BlockingEncoder>> create_codec(const Library& lib,
                                                                    const CodecSpec& spec,
                                                                    const EncoderSettings& settings,
                                                                    std::unique_ptr<Input> input);

// Whether a codec that has to be opened anew for another rate should be: a key frame costs several
// pictures, so small changes wait for larger ones, upwards more so than downwards.
[[nodiscard]] bool worth_reopening(std::uint32_t from_kbps, std::uint32_t to_kbps);

}  // namespace rp::avcodec
