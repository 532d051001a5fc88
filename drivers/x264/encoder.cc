#include "drivers/x264/encoder.h"

#include <x264.h>

#include <algorithm>

#include "engine/encode/settings.h"

namespace rp {
namespace {

// Constant rate factors: 22 is where text on a phone's screen is no longer told from the original.
constexpr float kQuality = 22.0F;
constexpr float kQualityFirst = 18.0F;

struct CloseEncoder {
  void operator()(x264_t* encoder) const { x264_encoder_close(encoder); }
};

// libx264 keeps the frame rate it was opened with (x264_encoder_reconfig leaves it out), and plans
// with bits a frame. So another frame rate is told to it as another bit rate.
void set_rate_params(x264_param_t& p, EncoderRate rate, std::uint32_t vbv_ms) {
  const auto kbps =
      static_cast<std::uint64_t>(rate.bitrate_kbps) * p.i_fps_num / p.i_fps_den / rate.framerate;
  constexpr std::uint64_t kMost = 1'000'000'000;
  p.rc.i_vbv_max_bitrate = static_cast<int>(std::clamp<std::uint64_t>(kbps, 1, kMost));
  p.rc.i_vbv_buffer_size = static_cast<int>(vbv_kbit(rate, vbv_ms));
}

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

class X264Encoder final : public BlockingEncoder {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BlockingEncoder>> create(const EncoderSettings& s);
  [[nodiscard]] Status encode(const Picture& picture, bool force_key, AccessUnit& out) override;
  [[nodiscard]] Status set_rate(EncoderRate rate) override;

 private:
  X264Encoder(const EncoderSettings& s, const x264_param_t& params)
      : rate_{s.bitrate_kbps, s.framerate}, vbv_ms_(s.vbv_ms), params_(params) {}

  EncoderRate rate_;
  std::uint32_t vbv_ms_;
  x264_param_t params_;
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
  p.rc.i_rc_method = X264_RC_CRF;
  p.rc.f_rf_constant = s.quality_first ? kQualityFirst : kQuality;
  p.i_fps_num = s.framerate;
  p.i_fps_den = 1;
  set_rate_params(p, {s.bitrate_kbps, s.framerate}, s.vbv_ms);
  if (x264_param_apply_profile(&p, s.quality_first ? "main" : "baseline") < 0) {
    return fail(ErrorCode::kInternal, "x264 profile");
  }
  std::unique_ptr<X264Encoder> self(new X264Encoder(s, p));
  self->encoder_.reset(x264_encoder_open(&self->params_));
  if (self->encoder_ == nullptr) return fail(ErrorCode::kInternal, "open x264");
  return self;
}

Status X264Encoder::encode(const Picture& picture, bool force_key, AccessUnit& out) {
  x264_picture_t in;
  x264_picture_init(&in);
  in.i_type = force_key ? X264_TYPE_IDR : X264_TYPE_AUTO;
  in.i_pts = next_pts_++;
  in.img.i_csp = X264_CSP_I420;
  in.img.i_plane = 3;
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
  set_rate_params(params_, rate_, vbv_ms_);
  if (x264_encoder_reconfig(encoder_.get(), &params_) < 0) {
    return fail(ErrorCode::kInvalid, "x264 rate");
  }
  return {};
}

}  // namespace

Status match_x264(const EncoderSettings& settings) { return check_settings(settings); }

Result<std::unique_ptr<BlockingEncoder>> create_x264_encoder(const EncoderSettings& settings) {
  return X264Encoder::create(settings);
}

}  // namespace rp
