#include "drivers/avcodec/codec.h"

#include <string>
#include <utility>

#include "engine/encode/bitstream.h"
#include "engine/encode/settings.h"

namespace rp::avcodec {
namespace {

// Never, as nearly as every driver's fields can say it: nine minutes at 60 pictures a second.
constexpr int kGop = 32'767;
// At QP 20 text on a phone's screen is not told from the original: a still picture needs no more.
constexpr int kFinestQp = 20;

class AvcodecEncoder final : public BlockingEncoder {
 public:
  AvcodecEncoder(const Library& lib, const CodecSpec& spec, const EncoderSettings& settings,
                 std::unique_ptr<Input> input)
      : lib_(lib),
        spec_(spec),
        settings_(settings),
        input_(std::move(input)),
        frame_(lib.av_frame_alloc(), Free{&lib}),
        packet_(lib.av_packet_alloc(), Free{&lib}) {}

  [[nodiscard]] Status open();
  [[nodiscard]] Status encode(const Picture& picture, bool force_key, AccessUnit& out) override;
  [[nodiscard]] Status set_rate(EncoderRate rate) override;

 private:
  void set_stream(AVCodecContext& context) const;
  void set_bitrate(AVCodecContext& context) const;
  [[nodiscard]] Status receive(bool key_wanted, AccessUnit& out);

  const Library& lib_;
  CodecSpec spec_;
  EncoderSettings settings_;
  std::unique_ptr<Input> input_;
  Frame frame_;
  Packet packet_;
  Context context_;
  EncoderRate opened_;  // what context_ was opened with
  std::int64_t next_pts_ = 0;
};

void AvcodecEncoder::set_stream(AVCodecContext& context) const {
  const Size coded = even(settings_.size);
  context.width = coded.width;
  context.height = coded.height;
  context.sample_aspect_ratio = {1, 1};
  context.time_base = {1, static_cast<int>(settings_.framerate)};
  context.framerate = {static_cast<int>(settings_.framerate), 1};
  context.gop_size = kGop;
  context.max_b_frames = 0;
  context.refs = 1;
  context.qmin = kFinestQp;
  context.thread_count = 1;
  context.color_primaries = AVCOL_PRI_BT709;
  context.color_trc = AVCOL_TRC_IEC61966_2_1;
  context.colorspace = AVCOL_SPC_SMPTE170M;
  context.color_range = AVCOL_RANGE_MPEG;
}

void AvcodecEncoder::set_bitrate(AVCodecContext& context) const {
  const EncoderRate rate{settings_.bitrate_kbps, settings_.framerate};
  context.bit_rate = std::int64_t{settings_.bitrate_kbps} * 1000;
  context.rc_max_rate = context.bit_rate;
  context.rc_buffer_size = static_cast<int>(vbv_kbit(rate, settings_.vbv_ms) * 1000);
  context.rc_initial_buffer_occupancy = context.rc_buffer_size * 3 / 4;
}

Status AvcodecEncoder::open() {
  if (frame_ == nullptr || packet_ == nullptr) return fail(ErrorCode::kExhausted, "av_frame_alloc");
  context_.reset();
  const AVCodec* codec = lib_.avcodec_find_encoder_by_name(spec_.name);
  if (codec == nullptr) {
    return fail(ErrorCode::kUnsupported, std::string("libavcodec is built without ") + spec_.name);
  }
  Context context(lib_.avcodec_alloc_context3(codec), Free{&lib_});
  if (context == nullptr) return fail(ErrorCode::kExhausted, "avcodec_alloc_context3");
  set_stream(*context);
  set_bitrate(*context);
  RP_TRY(input_->prepare(*context));
  AVDictionary* options = nullptr;
  for (const Option& option : spec_.options) {
    if (lib_.av_dict_set(&options, option.name, option.value, 0) < 0) {
      return fail(ErrorCode::kExhausted, "av_dict_set");
    }
  }
  const int code = lib_.avcodec_open2(context.get(), codec, &options);
  lib_.av_dict_free(&options);  // an option it does not know is left in there, and does no harm
  if (code < 0) return fail_av(lib_, code, std::string("open ") + spec_.name);
  context_ = std::move(context);
  opened_ = {settings_.bitrate_kbps, settings_.framerate};
  return {};
}

Status AvcodecEncoder::encode(const Picture& picture, bool force_key, AccessUnit& out) {
  const bool fresh = context_ == nullptr;
  if (fresh) RP_TRY(open());
  const bool key = force_key || fresh || next_pts_ == 0;
  const Status taken = input_->take(picture, *frame_);
  if (!taken) {
    lib_.av_frame_unref(frame_.get());
    return taken;
  }
  frame_->pts = next_pts_++;
  frame_->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  const int code = lib_.avcodec_send_frame(context_.get(), frame_.get());
  Status status;
  if (code < 0) {
    status = fail_av(lib_, code, std::string(spec_.name) + " takes no picture");
  } else {
    status = receive(key, out);
  }
  lib_.av_frame_unref(frame_.get());
  if (!status) context_.reset();  // whatever it still holds is lost; the next one begins anew
  return status;
}

Status AvcodecEncoder::receive(bool key_wanted, AccessUnit& out) {
  const int code = lib_.avcodec_receive_packet(context_.get(), packet_.get());
  if (code == AVERROR(EAGAIN)) {
    return fail(ErrorCode::kUnavailable, std::string(spec_.name) + " keeps the picture back");
  }
  if (code < 0) return fail_av(lib_, code, std::string(spec_.name) + " gives no picture");
  const std::span bytes(packet_->data, static_cast<std::size_t>(packet_->size));
  out.bytes.insert(out.bytes.end(), bytes.begin(), bytes.end());
  const BufferContent content = inspect(spec_.codec, bytes);
  lib_.av_packet_unref(packet_.get());
  if (!content.picture || content.key != content.headers || (key_wanted && !content.key)) {
    return fail(ErrorCode::kUnavailable,
                std::string(spec_.name) + " gave no whole picture of the kind asked for");
  }
  out.key = content.key;
  out.codec = spec_.codec;
  // It does not say how fine the picture is; one that changed and cost little is taken for done.
  const std::uint64_t frame_bits =
      std::uint64_t{settings_.bitrate_kbps} * 1000 / settings_.framerate;
  out.settled = !out.key && bytes.size() * 8 < frame_bits / 8;
  return {};
}

Status AvcodecEncoder::set_rate(EncoderRate rate) {
  const EncoderRate now = bounded(rate, {settings_.bitrate_kbps, settings_.framerate});
  settings_.bitrate_kbps = now.bitrate_kbps;
  settings_.framerate = now.framerate;
  if (context_ == nullptr) return {};
  const bool another_pace = now.framerate != opened_.framerate;
  if (another_pace ||
      (!spec_.live_rate && worth_reopening(opened_.bitrate_kbps, now.bitrate_kbps))) {
    context_.reset();
  } else if (spec_.live_rate) {
    set_bitrate(*context_);  // looked at with the next picture
  }
  return {};
}

}  // namespace

bool worth_reopening(std::uint32_t from_kbps, std::uint32_t to_kbps) {
  const std::uint64_t from = from_kbps;
  const std::uint64_t to = to_kbps;
  return to * 10 < from * 9 || to * 3 > from * 4;
}

Result<std::unique_ptr<BlockingEncoder>> create_codec(const Library& lib, const CodecSpec& spec,
                                                      const EncoderSettings& settings,
                                                      std::unique_ptr<Input> input) {
  RP_TRY(check_bounds(settings));
  auto encoder = std::make_unique<AvcodecEncoder>(lib, spec, settings, std::move(input));
  RP_TRY(encoder->open());
  return encoder;
}

}  // namespace rp::avcodec
