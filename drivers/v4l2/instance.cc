#include "drivers/v4l2/instance.h"

#include <linux/videodev2.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "engine/encode/settings.h"

namespace rp::v4l2 {
namespace {

// A picture's coded bytes never need more than its raw ones.
std::uint32_t coded_buffer_bytes(Size coded) {
  return static_cast<std::uint32_t>(coded.width) * static_cast<std::uint32_t>(coded.height) * 3 / 2;
}

std::string text(const std::uint8_t* bytes, std::size_t limit) {
  const auto* begin = reinterpret_cast<const char*>(bytes);
  return {begin, std::find(begin, begin + limit, '\0')};
}

// FWHT has quantisers and no rate control: coarser where there are fewer bits for a pixel.
std::int64_t fwht_quantiser(EncoderRate rate, Size size) {
  const double pixels_per_s =
      static_cast<double>(size.width) * size.height * std::max(rate.framerate, 1U);
  const double bits_per_pixel = rate.bitrate_kbps * 1000.0 / pixels_per_s;
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(2.0 / bits_per_pixel), 1, 31);
}

struct LevelRow {
  int idc;
  std::uint32_t menu;
};
constexpr std::array kH264Levels = {
    LevelRow{10, V4L2_MPEG_VIDEO_H264_LEVEL_1_0}, LevelRow{11, V4L2_MPEG_VIDEO_H264_LEVEL_1_1},
    LevelRow{12, V4L2_MPEG_VIDEO_H264_LEVEL_1_2}, LevelRow{13, V4L2_MPEG_VIDEO_H264_LEVEL_1_3},
    LevelRow{20, V4L2_MPEG_VIDEO_H264_LEVEL_2_0}, LevelRow{21, V4L2_MPEG_VIDEO_H264_LEVEL_2_1},
    LevelRow{22, V4L2_MPEG_VIDEO_H264_LEVEL_2_2}, LevelRow{30, V4L2_MPEG_VIDEO_H264_LEVEL_3_0},
    LevelRow{31, V4L2_MPEG_VIDEO_H264_LEVEL_3_1}, LevelRow{32, V4L2_MPEG_VIDEO_H264_LEVEL_3_2},
    LevelRow{40, V4L2_MPEG_VIDEO_H264_LEVEL_4_0}, LevelRow{41, V4L2_MPEG_VIDEO_H264_LEVEL_4_1},
    LevelRow{42, V4L2_MPEG_VIDEO_H264_LEVEL_4_2}, LevelRow{50, V4L2_MPEG_VIDEO_H264_LEVEL_5_0},
    LevelRow{51, V4L2_MPEG_VIDEO_H264_LEVEL_5_1}, LevelRow{52, V4L2_MPEG_VIDEO_H264_LEVEL_5_2},
    LevelRow{60, V4L2_MPEG_VIDEO_H264_LEVEL_6_0}, LevelRow{61, V4L2_MPEG_VIDEO_H264_LEVEL_6_1},
    LevelRow{62, V4L2_MPEG_VIDEO_H264_LEVEL_6_2},
};

}  // namespace

Result<DeviceCapability> query_capability(Device& device) {
  v4l2_capability answer{};
  RP_TRY(RP_V4L2(device, VIDIOC_QUERYCAP, &answer));
  const std::uint32_t bits =
      (answer.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? answer.device_caps : answer.capabilities;
  const bool multiplanar = (bits & V4L2_CAP_VIDEO_M2M_MPLANE) != 0;
  if ((!multiplanar && (bits & V4L2_CAP_VIDEO_M2M) == 0) || (bits & V4L2_CAP_STREAMING) == 0) {
    return fail(ErrorCode::kUnsupported, "it is no memory-to-memory device");
  }
  return DeviceCapability{text(answer.driver, sizeof answer.driver),
                          text(answer.card, sizeof answer.card), multiplanar};
}

Result<Negotiated> negotiate(Queue& output, Queue& capture, Codec codec, Size coded) {
  // The coded format first: the raw formats are those of the coded format that is set.
  const std::uint32_t fourcc = coded_format(codec);
  RP_ASSIGN(const QueueFormat set, capture.set_format(fourcc, coded, coded_buffer_bytes(coded)));
  if (set.fourcc != fourcc) {
    return fail(ErrorCode::kUnsupported, "it does not encode " + std::string(codec_name(codec)));
  }
  RP_ASSIGN(const auto offered, output.formats());
  Error refusal{ErrorCode::kUnsupported, 0, "it takes neither NV12 nor I420"};
  for (const RawFormat& raw : raw_formats()) {
    if (std::ranges::find(offered, raw.fourcc) == offered.end()) continue;
    const auto format = output.set_format(raw.fourcc, coded);
    if (!format) return forward(format.error());
    auto layout = buffer_layout(raw, *format, coded);
    if (layout) return Negotiated{*format, *layout};
    refusal = std::move(layout).error();
  }
  return forward(std::move(refusal));
}

Instance::Instance(std::unique_ptr<Device> device, bool multiplanar,
                   const EncoderSettings& settings)
    : device_(std::move(device)),
      settings_(settings),
      output_(*device_, Direction::kOutput, multiplanar),
      capture_(*device_, Direction::kCapture, multiplanar) {}

Instance::~Instance() {
  // The device lets go of every buffer before their memory goes; a dead device has let go.
  (void)output_.stop();
  (void)capture_.stop();
}

Result<std::unique_ptr<Instance>> Instance::create(std::unique_ptr<Device> device,
                                                   const EncoderSettings& settings,
                                                   std::uint32_t in_flight) {
  RP_ASSIGN(const DeviceCapability capability, query_capability(*device));
  std::unique_ptr<Instance> instance(
      new Instance(std::move(device), capability.multiplanar, settings));
  RP_TRY(instance->set_up(in_flight));
  return instance;
}

// "Initialization" of the kernel's document, in its order.
Status Instance::set_up(std::uint32_t in_flight) {
  RP_ASSIGN(format_, negotiate(output_, capture_, settings_.codec, even(settings_.size)));
  (void)output_.set_framerate(settings_.framerate);  // a hint
  RP_TRY(set_shown_size());
  set_controls();
  for (const std::uint32_t type :
       {std::uint32_t{V4L2_EVENT_EOS}, std::uint32_t{V4L2_EVENT_SOURCE_CHANGE}}) {
    v4l2_event_subscription subscription{};
    subscription.type = type;
    (void)RP_V4L2(*device_, VIDIOC_SUBSCRIBE_EVENT, &subscription);  // not every device has them
  }
  v4l2_control least{};
  least.id = V4L2_CID_MIN_BUFFERS_FOR_OUTPUT;
  const bool says = RP_V4L2(*device_, VIDIOC_G_CTRL, &least).has_value();
  const auto device_needs = static_cast<std::uint32_t>(std::clamp(says ? least.value : 1, 1, 16));
  // One more than may be in flight: a buffer may come back after its coded picture.
  output_count_ = in_flight + device_needs;
  RP_ASSIGN(const QueueFormat coded, capture_.format());
  if (coded.planes != 1 || coded.size_bytes[0] == 0) {
    return fail(ErrorCode::kInvalid, "the device's coded format has no size");
  }
  RP_TRY(capture_.allocate(BufferMemory::kMapped, in_flight + 2));
  RP_TRY(output_.allocate(BufferMemory::kMapped, output_count_));
  RP_TRY(queue_all_captures());
  RP_TRY(output_.start());
  return capture_.start();
}

// The stream has to say the picture's size, not the buffer's.
Status Instance::set_shown_size() {
  const Size coded = even(settings_.size);
  if (format_.raw.size == coded) return {};
  const auto shown = output_.crop(coded);
  if (shown && *shown == coded) return {};
  return fail(ErrorCode::kUnsupported, "it cannot show " + std::to_string(coded.width) + "x" +
                                           std::to_string(coded.height) + " of its " +
                                           std::to_string(format_.raw.size.width) + "x" +
                                           std::to_string(format_.raw.size.height));
}

// What a device does not have keeps the device's own value.
void Instance::set_controls() {
  Device& device = *device_;
  constexpr std::int64_t kNever = 1 << 30;  // as far apart as the device can
  (void)set_control(device, V4L2_CID_MPEG_VIDEO_B_FRAMES, 0);
  (void)set_control(device, V4L2_CID_MPEG_VIDEO_GOP_SIZE, kNever);
  (void)set_control(device, V4L2_CID_MPEG_VIDEO_GOP_CLOSURE, 1);
  (void)set_control(device, V4L2_CID_MPEG_VIDEO_HEADER_MODE,
                    V4L2_MPEG_VIDEO_HEADER_MODE_JOINED_WITH_1ST_FRAME);
  (void)set_control(device, V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER, 1);
  (void)set_control(device, V4L2_CID_MPEG_VIDEO_PREPEND_SPSPPS_TO_IDR, 1);
  (void)set_control(device, V4L2_CID_MPEG_VIDEO_FRAME_RC_ENABLE, 1);
  (void)set_control(device, V4L2_CID_MPEG_VIDEO_BITRATE_MODE, V4L2_MPEG_VIDEO_BITRATE_MODE_CBR);
  (void)set_control(device, V4L2_CID_MPEG_VIDEO_FRAME_SKIP_MODE,
                    V4L2_MPEG_VIDEO_FRAME_SKIP_MODE_DISABLED);
  (void)set_control(device, V4L2_CID_MPEG_VIDEO_VBV_SIZE,
                    vbv_kbit({settings_.bitrate_kbps, settings_.framerate}, settings_.vbv_ms) / 8);
  if (settings_.codec == Codec::kH264) set_h264_controls();
  (void)set_rate({settings_.bitrate_kbps, settings_.framerate});
}

void Instance::set_h264_controls() {
  Device& device = *device_;
  (void)set_control(device, V4L2_CID_MPEG_VIDEO_H264_I_PERIOD, 1 << 30);
  constexpr std::array kProfiles = {
      V4L2_MPEG_VIDEO_H264_PROFILE_HIGH, V4L2_MPEG_VIDEO_H264_PROFILE_MAIN,
      V4L2_MPEG_VIDEO_H264_PROFILE_CONSTRAINED_BASELINE, V4L2_MPEG_VIDEO_H264_PROFILE_BASELINE};
  for (const auto profile : kProfiles) {
    if (set_control(device, V4L2_CID_MPEG_VIDEO_H264_PROFILE, profile) == ControlOutcome::kSet) {
      break;
    }
  }
  const int idc = h264_level(settings_.size, settings_.framerate, settings_.bitrate_kbps);
  const auto* level = std::ranges::find(kH264Levels, idc, &LevelRow::idc);
  if (level != kH264Levels.end()) {
    (void)set_control(device, V4L2_CID_MPEG_VIDEO_H264_LEVEL, level->menu);
  }
}

Status Instance::queue_all_captures() {
  for (std::uint32_t i = 0; i < capture_.count(); ++i) RP_TRY(capture_.enqueue(i));
  return {};
}

Status Instance::use_output_memory(BufferMemory memory) {
  RP_TRY(output_.stop());
  RP_TRY(output_.allocate(BufferMemory::kNone, 0));
  RP_TRY(output_.allocate(memory, output_count_));
  return output_.start();
}

Status Instance::restart_stream() {
  RP_TRY(capture_.stop());
  RP_TRY(queue_all_captures());
  return capture_.start();
}

ControlOutcome Instance::request_key() {
  return push_button(*device_, V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME);
}

ControlOutcome Instance::set_rate(EncoderRate rate) {
  const EncoderRate all = bounded(rate, {settings_.bitrate_kbps, settings_.framerate});
  const bool new_framerate = all.framerate != settings_.framerate;
  settings_.bitrate_kbps = all.bitrate_kbps;
  settings_.framerate = all.framerate;
  if (new_framerate) (void)output_.set_framerate(all.framerate);
  const ControlOutcome by_rate =
      set_control(*device_, V4L2_CID_MPEG_VIDEO_BITRATE, std::int64_t{all.bitrate_kbps} * 1000);
  if (by_rate != ControlOutcome::kAbsent) return by_rate;
  const std::int64_t quantiser = fwht_quantiser(all, settings_.size);
  const ControlOutcome by_quantiser = set_control(*device_, V4L2_CID_FWHT_P_FRAME_QP, quantiser);
  if (by_quantiser != ControlOutcome::kSet) return by_quantiser;
  return set_control(*device_, V4L2_CID_FWHT_I_FRAME_QP, quantiser);
}

Status Instance::begin_drain() {
  v4l2_encoder_cmd command{};
  command.cmd = V4L2_ENC_CMD_STOP;
  const Status status = RP_V4L2(*device_, VIDIOC_ENCODER_CMD, &command);
  if (!status && (status.error().errno_value == ENOTTY || status.error().errno_value == EINVAL)) {
    return fail(ErrorCode::kUnsupported, "VIDIOC_ENCODER_CMD");
  }
  return status;
}

Status Instance::end_drain() {
  v4l2_encoder_cmd command{};
  command.cmd = V4L2_ENC_CMD_START;
  return RP_V4L2(*device_, VIDIOC_ENCODER_CMD, &command);
}

Instance::Events Instance::take_events() {
  constexpr int kMostAtOnce = 16;
  Events events;
  for (int i = 0; i < kMostAtOnce; ++i) {
    v4l2_event event{};
    if (!RP_V4L2(*device_, VIDIOC_DQEVENT, &event)) break;
    events.end_of_stream = events.end_of_stream || event.type == V4L2_EVENT_EOS;
    events.source_change = events.source_change || event.type == V4L2_EVENT_SOURCE_CHANGE;
  }
  return events;
}

}  // namespace rp::v4l2
