#include "drivers/avcodec/device.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "engine/encode/settings.h"

namespace rp::avcodec {
namespace {

constexpr std::size_t kMostRefusals = 16;
// Probed with at the start: what every such encoder can do.
constexpr Size kTrial{720, 1280};

constexpr std::array kVaapiH264 = {Option{"profile", "constrained_baseline"},
                                   Option{"rc_mode", "VBR"}, Option{"async_depth", "1"},
                                   Option{"sei", "0"}};
constexpr std::array kVaapiHevc = {Option{"profile", "main"}, Option{"rc_mode", "VBR"},
                                   Option{"async_depth", "1"}, Option{"sei", "0"}};
// Some chips encode by their fixed part alone, which has to be asked for; and its rate control
// differs, so that is left to the library.
constexpr std::array kVaapiLowPowerH264 = {Option{"profile", "constrained_baseline"},
                                           Option{"low_power", "1"}, Option{"async_depth", "1"},
                                           Option{"sei", "0"}};
constexpr std::array kVaapiLowPowerHevc = {Option{"profile", "main"}, Option{"low_power", "1"},
                                           Option{"async_depth", "1"}, Option{"sei", "0"}};
// No delay is the one that counts; the rest keeps NVENC from looking ahead.
constexpr std::array kNvencH264 = {Option{"profile", "baseline"}, Option{"preset", "p2"},
                                   Option{"tune", "ull"},         Option{"rc", "vbr"},
                                   Option{"delay", "0"},          Option{"zerolatency", "1"},
                                   Option{"forced-idr", "1"}};
constexpr std::array kNvencHevc = {Option{"profile", "main"}, Option{"preset", "p2"},
                                   Option{"tune", "ull"},     Option{"rc", "vbr"},
                                   Option{"delay", "0"},      Option{"zerolatency", "1"},
                                   Option{"forced-idr", "1"}};
constexpr std::array kVaapiCodecs = {
    CodecSpec{"h264_vaapi", Codec::kH264, kVaapiH264, false},
    CodecSpec{"h264_vaapi", Codec::kH264, kVaapiLowPowerH264, false},
    CodecSpec{"hevc_vaapi", Codec::kHevc, kVaapiHevc, false},
    CodecSpec{"hevc_vaapi", Codec::kHevc, kVaapiLowPowerHevc, false}};
constexpr std::array kNvencCodecs = {CodecSpec{"h264_nvenc", Codec::kH264, kNvencH264, true},
                                     CodecSpec{"hevc_nvenc", Codec::kHevc, kNvencHevc, true}};
constexpr DeviceKind kVaapi{.name = "vaapi",
                            .node = "/dev/dri/renderD",
                            .nothing = "no GPU has a node /dev/dri/renderD*",
                            .type = AV_HWDEVICE_TYPE_VAAPI,
                            .open_by_node = true,
                            .codecs = kVaapiCodecs,
                            .imports = true};
constexpr DeviceKind kNvenc{.name = "nvenc",
                            .node = "/dev/nvidiactl",
                            .nothing = "no NVIDIA driver is loaded (/dev/nvidiactl)",
                            .type = AV_HWDEVICE_TYPE_CUDA,
                            .open_by_node = false,
                            .codecs = kNvencCodecs,
                            .imports = false};

}  // namespace

std::vector<std::string> nodes_of(std::string_view start) {
  std::vector<std::string> nodes;
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(start).parent_path();
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().string().starts_with(start)) nodes.push_back(entry.path().string());
  }
  std::ranges::sort(nodes);
  return nodes;
}

bool Device::encodes(Codec codec) const {
  return std::ranges::find(kind_.codecs, codec, &CodecSpec::codec) != kind_.codecs.end();
}

Result<Buffer> Device::share_device(const Library& lib) {
  const std::lock_guard lock(mutex_);
  Status last = fail(ErrorCode::kUnsupported, std::string(kind_.nothing));
  for (const std::string& node : nodes_of(kind_.node)) {
    if (device_ != nullptr) break;
    AVBufferRef* opened = nullptr;
    const char* by = kind_.open_by_node ? node.c_str() : nullptr;
    const int code = lib.av_hwdevice_ctx_create(&opened, kind_.type, by, nullptr, 0);
    if (code >= 0) {
      device_ = Buffer(opened, Free{&lib});
    } else {
      last = fail_av(lib, code, "open " + node + " for video encoding");
    }
  }
  if (device_ == nullptr) return forward(last.error());
  Buffer shared(lib.av_buffer_ref(device_.get()), Free{&lib});
  if (shared == nullptr) return fail(ErrorCode::kExhausted, "av_buffer_ref");
  return shared;
}

Result<std::unique_ptr<BlockingEncoder>> Device::open(const EncoderSettings& settings) {
  RP_ASSIGN(const Library* lib, library());
  RP_ASSIGN(const Buffer device, share_device(*lib));
  Error last{ErrorCode::kUnsupported, 0, "it encodes H.264 and HEVC only"};
  for (const CodecSpec& spec : kind_.codecs) {
    if (spec.codec != settings.codec) continue;
    std::unique_ptr<Input> input;
    if (kind_.imports) {
      RP_ASSIGN(input, make_vaapi_input(*lib, *device, even(settings.size)));
    } else {
      input = make_memory_input(*lib, PictureLayout::kI420);
    }
    auto codec = create_codec(*lib, spec, settings, std::move(input));
    if (codec) return codec;
    last = std::move(codec).error();
  }
  return forward(std::move(last));
}

Status Device::look(const EncoderSettings& settings) {
  if (nodes_of(kind_.node).empty()) {
    return fail(ErrorCode::kUnsupported, std::string(kind_.nothing));
  }
  EncoderSettings trial = settings;
  trial.size = kTrial;
  const auto opened = open(trial);
  if (!opened) return fail(ErrorCode::kUnsupported, opened.error().message());
  return {};
}

Status Device::match(const EncoderSettings& settings) {
  RP_TRY(check_bounds(settings));
  if (!encodes(settings.codec)) {
    return fail(ErrorCode::kUnsupported, "it encodes H.264 and HEVC only");
  }
  static std::mutex looking;  // two at once would both open the device
  {
    const std::lock_guard lock(looking);
    if (!looked_) looked_ = look({.size = kTrial});
    RP_TRY(*looked_);
  }
  return refused(settings, std::chrono::steady_clock::now());
}

void Device::refuse(const EncoderSettings& settings, const Error& why, Time now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(refusals_, [&](const Refusal& one) {
    return one.until <= now || (one.codec == settings.codec && one.size == settings.size);
  });
  if (refusals_.size() == kMostRefusals) refusals_.erase(refusals_.begin());
  refusals_.push_back({settings.codec, settings.size, why.message(), now + kRefused});
  device_.reset();  // the next codec opens it anew, in case that it is what failed
}

Status Device::refused(const EncoderSettings& settings, Time now) {
  const std::lock_guard lock(mutex_);
  for (const Refusal& one : refusals_) {
    if (one.codec != settings.codec || one.size != settings.size || one.until <= now) continue;
    return fail(ErrorCode::kUnavailable, "it failed lately: " + one.why);
  }
  return {};
}

Device& vaapi() {
  static Device device(kVaapi);
  return device;
}

Device& nvenc() {
  static Device device(kNvenc);
  return device;
}

}  // namespace rp::avcodec
