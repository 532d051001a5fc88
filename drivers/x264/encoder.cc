#include "drivers/x264/encoder.h"

#include <x264.h>

#include <algorithm>
#include <vector>

#include "engine/encode/frame_quantiser.h"
#include "engine/encode/settings.h"
#include "engine/frame/cpu_access.h"

namespace rp {
namespace {

// At QP 22 text on a phone's screen is no longer told from the original.
constexpr int kFinestQp = 22;
constexpr int kQualityFirstQp = 18;
// Bits a pixel of a moving picture is worth: 720×1280 at 30 fps then takes 5.5 Mb/s at most, twice
// of what such phones are streamed at elsewhere (1–3 Mb/s).
constexpr double kWorth_bpp = 0.2;

struct CloseEncoder {
  void operator()(x264_t* encoder) const { x264_encoder_close(encoder); }
};

void set_stream_params(x264_param_t& p, const EncoderSettings& s) {
  p.i_csp = X264_CSP_I420;
  p.i_width = (s.size.width + 1) & ~1;
  p.i_height = (s.size.height + 1) & ~1;
  p.b_annexb = 1;
  p.b_repeat_headers = 1;
  p.i_keyint_max = X264_KEYINT_MAX_INFINITE;
  p.i_scenecut_threshold = 0;
  p.i_frame_reference = 1;
  p.i_bframe = 0;
  p.vui.i_vidformat = 5;  // unspecified
  p.vui.b_fullrange = 0;
  p.vui.i_colorprim = 1;  // BT.709, which are sRGB's
  p.vui.i_transfer = 13;  // IEC 61966-2-1, sRGB
  p.vui.i_colmatrix = 6;  // BT.601, as engine/frame/picture.h says
}

// libx264's own rate control looks at every picture twice (a look-ahead at half size, which its VBV
// needs): a third of the whole cost. So it runs with a given quantiser a picture, which
// FrameQuantiser chooses.
class X264Encoder final : public BlockingEncoder {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BlockingEncoder>> create(const EncoderSettings& s);
  [[nodiscard]] Status encode(const Picture& picture, bool force_key, AccessUnit& out) override;
  [[nodiscard]] Status set_rate(EncoderRate rate) override;
  [[nodiscard]] Status begin(EncoderRate rate) override;

 private:
  explicit X264Encoder(const EncoderSettings& s)
      : settings_(s), rate_{s.bitrate_kbps, s.framerate}, quantiser_(fresh_quantiser()) {}
  [[nodiscard]] FrameQuantiser fresh_quantiser() const {
    const double pixels = static_cast<double>(settings_.size.width) * settings_.size.height;
    const auto worth_bits = static_cast<std::int64_t>(pixels * kWorth_bpp);
    return settings_.quality_first ? FrameQuantiser(kQualityFirstQp, rate_, settings_.vbv_ms)
                                   : FrameQuantiser(kFinestQp, rate_, settings_.vbv_ms, worth_bits);
  }
  [[nodiscard]] Status encode_once(const Picture& picture, bool key, int qp, AccessUnit& out);
  void mark_constant(Rect shown);

  EncoderSettings settings_;
  EncoderRate rate_;
  FrameQuantiser quantiser_;
  Size macroblocks_;
  std::vector<std::uint8_t> constant_;  // a flag a macroblock, for libx264: not looked at
  std::unique_ptr<x264_t, CloseEncoder> encoder_;
  std::int64_t next_pts_ = 0;
};

Result<std::unique_ptr<BlockingEncoder>> X264Encoder::create(const EncoderSettings& s) {
  RP_TRY(check_settings(s));
  x264_param_t p;
  const char* preset = s.quality_first ? "veryfast" : "ultrafast";
  if (x264_param_default_preset(&p, preset, "zerolatency") < 0) {
    return fail(ErrorCode::kInternal, "x264 preset");
  }
  p.i_log_level = X264_LOG_NONE;
  p.i_threads = 1;
  p.b_sliced_threads = 0;
  set_stream_params(p, s);
  // With room for the rate to grow.
  p.i_level_idc = h264_level(s.size, s.framerate, std::max(s.bitrate_kbps, 20'000U));
  p.rc.i_rc_method = X264_RC_CQP;
  // In this mode libx264 allows the quantisers between those of its own P and I pictures: here all
  // from kQualityFirstQp to 51, which is 33 coarser: 2^(−33/6).
  p.rc.i_qp_constant = kQualityFirstQp;
  p.rc.f_ip_factor = 0.0221F;
  p.analyse.b_mb_info = 1;
  p.analyse.i_weighted_pred = X264_WEIGHTP_NONE;  // needs the look-ahead, too
  p.i_fps_num = s.framerate;
  p.i_fps_den = 1;
  if (x264_param_apply_profile(&p, s.quality_first ? "main" : "baseline") < 0) {
    return fail(ErrorCode::kInternal, "x264 profile");
  }
  std::unique_ptr<X264Encoder> self(new X264Encoder(s));
  self->macroblocks_ = {(s.size.width + 15) / 16, (s.size.height + 15) / 16};
  self->constant_.resize(static_cast<std::size_t>(self->macroblocks_.width) *
                         static_cast<std::size_t>(self->macroblocks_.height));
  self->encoder_.reset(x264_encoder_open(&p));
  if (self->encoder_ == nullptr) return fail(ErrorCode::kInternal, "open x264");
  return self;
}

Status X264Encoder::encode(const Picture& picture, bool force_key, AccessUnit& out) {
  const bool key = force_key || next_pts_ == 0;
  const std::size_t begin = out.bytes.size();
  const auto bits = [&] { return static_cast<std::int64_t>(out.bytes.size() - begin) * 8; };
  RP_TRY(encode_once(picture, key, quantiser_.next(key, out.stamps.captured), out));
  while (!quantiser_.coded(out.key, bits())) {
    out.bytes.resize(begin);
    RP_TRY(encode_once(picture, true, quantiser_.retry_qp(), out));
  }
  out.settled = quantiser_.settled();
  out.qp = quantiser_.shown_qp();
  return {};
}

// All macroblocks but those that `shown` touches.
void X264Encoder::mark_constant(Rect shown) {
  constant_.assign(constant_.size(), X264_MBINFO_CONSTANT);
  const std::int32_t right = std::min((shown.x + shown.width + 15) / 16, macroblocks_.width);
  const std::int32_t bottom = std::min((shown.y + shown.height + 15) / 16, macroblocks_.height);
  for (std::int32_t y = shown.y / 16; y < bottom; ++y) {
    const auto row = constant_.begin() + std::ptrdiff_t{y} * macroblocks_.width;
    std::fill(row + shown.x / 16, row + right, std::uint8_t{0});
  }
}

Status X264Encoder::encode_once(const Picture& picture, bool key, int qp, AccessUnit& out) {
  x264_picture_t in;
  x264_picture_init(&in);
  in.i_type = key ? X264_TYPE_IDR : X264_TYPE_P;
  in.i_qpplus1 = qp + 1;
  if (!key && !out.shown.empty()) {
    mark_constant(out.shown);
    in.prop.mb_info = constant_.data();
  }
  in.i_pts = next_pts_++;
  in.img.i_csp = X264_CSP_I420;
  in.img.i_plane = 3;
  count_cpu_pixels(CpuPlace::kEncode, picture_bytes(picture.coded));
  in.img.plane[0] = picture.y;
  in.img.plane[1] = picture.u;
  in.img.plane[2] = picture.v;
  in.img.i_stride[0] = picture.stride_y;
  in.img.i_stride[1] = picture.stride_uv;
  in.img.i_stride[2] = picture.stride_uv;
  x264_nal_t* nals = nullptr;
  int count = 0;
  x264_picture_t coded;
  const int bytes = x264_encoder_encode(encoder_.get(), &nals, &count, &in, &coded);
  if (bytes <= 0) return fail(ErrorCode::kInternal, "x264 encode");
  for (int i = 0; i < count; ++i) {
    // The SEI of the first picture spells out the settings: 700 bytes no decoder reads.
    if (nals[i].i_type == NAL_SEI) continue;
    out.bytes.insert(out.bytes.end(), nals[i].p_payload, nals[i].p_payload + nals[i].i_payload);
  }
  out.key = coded.b_keyframe != 0;
  return {};
}

Status X264Encoder::set_rate(EncoderRate rate) {
  rate_ = bounded(rate, rate_);
  quantiser_.set_rate(rate_);
  return {};
}

Status X264Encoder::begin(EncoderRate rate) {
  rate_ = bounded(rate, rate_);
  quantiser_ = fresh_quantiser();
  return {};
}

}  // namespace

Status match_x264(const EncoderSettings& settings) { return check_settings(settings); }

Result<std::unique_ptr<BlockingEncoder>> create_x264_encoder(const EncoderSettings& settings) {
  return X264Encoder::create(settings);
}

}  // namespace rp
