#include "bench/frame_path/plain_x264.h"

#include <x264.h>

#include "engine/encode/settings.h"

namespace rp {
namespace {

constexpr float kRateFactor = 22.0F;  // gives the bytes the engine's encoder gives at its QP 22

struct CloseEncoder {
  void operator()(x264_t* encoder) const { x264_encoder_close(encoder); }
};

class PlainX264 final : public BlockingEncoder {
 public:
  explicit PlainX264(x264_t* encoder) : encoder_(encoder) {}
  [[nodiscard]] Status encode(const Picture& picture, bool force_key, AccessUnit& out) override {
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
    out.bytes.insert(out.bytes.end(), nals[0].p_payload, nals[0].p_payload + bytes);
    out.key = coded.b_keyframe != 0;
    return {};
  }
  [[nodiscard]] Status set_rate(EncoderRate) override {
    return fail(ErrorCode::kUnsupported, "the bare encoder keeps its rate");
  }

 private:
  std::unique_ptr<x264_t, CloseEncoder> encoder_;
  std::int64_t next_pts_ = 0;
};

}  // namespace

Result<std::unique_ptr<BlockingEncoder>> create_plain_x264(const EncoderSettings& s) {
  x264_param_t p;
  if (x264_param_default_preset(&p, "ultrafast", "zerolatency") < 0) {
    return fail(ErrorCode::kInternal, "x264 preset");
  }
  p.i_log_level = X264_LOG_NONE;
  p.i_threads = 1;
  p.b_sliced_threads = 0;
  p.i_width = s.size.width;
  p.i_height = s.size.height;
  p.i_keyint_max = X264_KEYINT_MAX_INFINITE;
  p.i_fps_num = s.framerate;
  p.i_fps_den = 1;
  p.rc.i_rc_method = X264_RC_CRF;
  p.rc.f_rf_constant = kRateFactor;
  p.rc.i_vbv_max_bitrate = static_cast<int>(s.bitrate_kbps);
  p.rc.i_vbv_buffer_size = static_cast<int>(vbv_kbit({s.bitrate_kbps, s.framerate}, s.vbv_ms));
  if (x264_param_apply_profile(&p, "baseline") < 0) {
    return fail(ErrorCode::kInternal, "x264 profile");
  }
  x264_t* encoder = x264_encoder_open(&p);
  if (encoder == nullptr) return fail(ErrorCode::kInternal, "open x264");
  return std::make_unique<PlainX264>(encoder);
}

}  // namespace rp
