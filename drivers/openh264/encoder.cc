#include "drivers/openh264/encoder.h"

#include <algorithm>

#include <wels/codec_api.h>

#include "engine/encode/settings.h"
#include "engine/frame/cpu_access.h"

namespace rp {
namespace {

// The library's own bound (MAX_MBS_PER_FRAME in its source, level 5.2 of the standard).
constexpr int kMaxMacroblocks = 36'864;
constexpr int kMaxLevel = 52;

// The finest quantiser the library takes in real-time use, and one at which no picture is too much
// for it: see OpenH264Encoder::encode.
constexpr int kMinQp = 12;
constexpr int kCoarseMinQp = 36;
constexpr int kMaxQp = 42;

struct DestroyEncoder {
  void operator()(ISVCEncoder* encoder) const {
    encoder->Uninitialize();
    WelsDestroySVCEncoder(encoder);
  }
};

// The library plans with at most 60 pictures a second; more is told to it as fewer bits for each.
constexpr std::uint32_t kMaxFramerate = 60;
// Room for the rate to grow without another level.
constexpr std::uint32_t kLevelRoom_kbps = 20'000;

int level_of(const EncoderSettings& s) {
  const std::uint32_t kbps = std::max(s.bitrate_kbps, kLevelRoom_kbps);
  return std::min(h264_level(s.size, s.framerate, kbps), kMaxLevel);
}

struct ToldRate {
  int bits_per_s;
  float framerate;
};

ToldRate told_rate(EncoderRate rate, int level) {
  std::uint32_t kbps = rate.bitrate_kbps;
  if (rate.framerate > kMaxFramerate) kbps = kbps * kMaxFramerate / rate.framerate;
  kbps = std::min(kbps, h264_max_bitrate_kbps(level));
  return {static_cast<int>(kbps) * 1000,
          static_cast<float>(std::min(rate.framerate, kMaxFramerate))};
}

class OpenH264Encoder final : public BlockingEncoder {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BlockingEncoder>> create(const EncoderSettings& s);
  [[nodiscard]] Status encode(const Picture& picture, bool force_key, AccessUnit& out) override;
  [[nodiscard]] Status set_rate(EncoderRate rate) override;

 private:
  explicit OpenH264Encoder(const EncoderSettings& s)
      : settings_(s), rate_{s.bitrate_kbps, s.framerate} {}
  [[nodiscard]] Status open(int min_qp);
  [[nodiscard]] Status encode_once(const Picture& picture, AccessUnit& out);

  EncoderSettings settings_;
  EncoderRate rate_;
  int min_qp_ = kMinQp;
  std::unique_ptr<ISVCEncoder, DestroyEncoder> encoder_;
  double time_ms_ = 0;
};

void set_layer(SSpatialLayerConfig& layer, const EncoderSettings& s, ToldRate rate) {
  layer.iVideoWidth = (s.size.width + 1) & ~1;
  layer.iVideoHeight = (s.size.height + 1) & ~1;
  layer.fFrameRate = rate.framerate;
  layer.iSpatialBitrate = rate.bits_per_s;
  layer.iMaxSpatialBitrate = UNSPECIFIED_BIT_RATE;
  layer.uiProfileIdc = PRO_BASELINE;
  layer.uiLevelIdc = static_cast<ELevelIdc>(level_of(s));
  layer.sSliceArgument.uiSliceMode = SM_SINGLE_SLICE;
  layer.bVideoSignalTypePresent = true;
  layer.uiVideoFormat = VF_UNDEF;
  layer.bFullRange = false;
  layer.bColorDescriptionPresent = true;
  layer.uiColorPrimaries = CP_BT709;
  layer.uiTransferCharacteristics = TRC_IEC61966_2_1;
  layer.uiColorMatrix = CM_SMPTE170M;
}

Status OpenH264Encoder::open(int min_qp) {
  const EncoderSettings& s = settings_;
  const ToldRate rate = told_rate(rate_, level_of(s));
  encoder_.reset();
  min_qp_ = min_qp;
  ISVCEncoder* raw = nullptr;
  if (WelsCreateSVCEncoder(&raw) != 0 || raw == nullptr) {
    return fail(ErrorCode::kInternal, "open OpenH264");
  }
  encoder_.reset(raw);
  int quiet = WELS_LOG_QUIET;
  encoder_->SetOption(ENCODER_OPTION_TRACE_LEVEL, &quiet);
  SEncParamExt p;
  encoder_->GetDefaultParams(&p);
  p.iUsageType = CAMERA_VIDEO_REAL_TIME;
  p.iPicWidth = (s.size.width + 1) & ~1;
  p.iPicHeight = (s.size.height + 1) & ~1;
  p.iTargetBitrate = rate.bits_per_s;
  p.iMaxBitrate = UNSPECIFIED_BIT_RATE;
  p.iMinQp = min_qp;
  p.iMaxQp = kMaxQp;
  p.iRCMode = RC_BITRATE_MODE;
  p.fMaxFrameRate = rate.framerate;
  p.iTemporalLayerNum = 1;
  p.iSpatialLayerNum = 1;
  p.iComplexityMode = s.quality_first ? MEDIUM_COMPLEXITY : LOW_COMPLEXITY;
  p.uiIntraPeriod = 0;
  p.iNumRefFrame = 1;
  p.eSpsPpsIdStrategy = CONSTANT_ID;
  p.bPrefixNalAddingCtrl = false;
  p.bEnableFrameSkip = false;
  p.bEnableLongTermReference = false;
  p.iMultipleThreadIdc = 1;
  p.bEnableDenoise = false;
  p.bEnableBackgroundDetection = true;
  p.bEnableAdaptiveQuant = false;
  p.bEnableSceneChangeDetect = false;
  p.bEnableFrameCroppingFlag = true;
  set_layer(p.sSpatialLayers[0], s, rate);
  if (encoder_->InitializeExt(&p) != 0) return fail(ErrorCode::kInternal, "initialise OpenH264");
  int format = videoFormatI420;
  encoder_->SetOption(ENCODER_OPTION_DATAFORMAT, &format);
  return {};
}

Result<std::unique_ptr<BlockingEncoder>> OpenH264Encoder::create(const EncoderSettings& s) {
  RP_TRY(match_openh264(s));
  std::unique_ptr<OpenH264Encoder> self(new OpenH264Encoder(s));
  RP_TRY(self->open(kMinQp));
  return self;
}

// The library keeps room for half the raw size of a picture. One that needs more (noise) fails, and
// the codec has then shut itself down. So it is opened again with a quantiser that makes any
// picture fit, until the next key frame that is asked for.
Status OpenH264Encoder::encode(const Picture& picture, bool force_key, AccessUnit& out) {
  if (force_key && min_qp_ != kMinQp) {
    RP_TRY(open(kMinQp));
  } else if (force_key && encoder_->ForceIntraFrame(true) != 0) {
    return fail(ErrorCode::kInternal, "OpenH264 key frame");
  }
  const Status first = encode_once(picture, out);
  if (first) {
    // It does not say how fine the picture is; one that changed and cost little is taken for done.
    const std::uint64_t frame_bits = std::uint64_t{rate_.bitrate_kbps} * 1000 / rate_.framerate;
    out.settled = !out.key && out.bytes.size() * 8 < frame_bits / 8;
    return first;
  }
  out.bytes.clear();
  RP_TRY(open(kCoarseMinQp));
  return encode_once(picture, out);
}

Status OpenH264Encoder::encode_once(const Picture& picture, AccessUnit& out) {
  SSourcePicture in{};
  in.iColorFormat = videoFormatI420;
  count_cpu_pixels(CpuPlace::kEncode, picture_bytes(picture.coded));
  in.iPicWidth = picture.coded.width;
  in.iPicHeight = picture.coded.height;
  in.iStride[0] = picture.stride_y;
  in.iStride[1] = picture.stride_uv;
  in.iStride[2] = picture.stride_uv;
  in.pData[0] = picture.y;
  in.pData[1] = picture.u;
  in.pData[2] = picture.v;
  in.uiTimeStamp = static_cast<long long>(time_ms_);
  time_ms_ += 1000.0 / rate_.framerate;
  SFrameBSInfo coded{};
  if (encoder_->EncodeFrame(&in, &coded) != cmResultSuccess) {
    return fail(ErrorCode::kInternal, "OpenH264 encode");
  }
  if (coded.eFrameType == videoFrameTypeSkip || coded.eFrameType == videoFrameTypeInvalid) {
    return fail(ErrorCode::kInternal, "OpenH264 skipped a picture");
  }
  for (int i = 0; i < coded.iLayerNum; ++i) {
    const SLayerBSInfo& layer = coded.sLayerInfo[i];
    std::size_t bytes = 0;
    for (int n = 0; n < layer.iNalCount; ++n) {
      bytes += static_cast<std::size_t>(layer.pNalLengthInByte[n]);
    }
    out.bytes.insert(out.bytes.end(), layer.pBsBuf, layer.pBsBuf + bytes);
  }
  out.key = coded.eFrameType == videoFrameTypeIDR;
  return {};
}

Status OpenH264Encoder::set_rate(EncoderRate rate) {
  rate_ = bounded(rate, rate_);
  ToldRate told = told_rate(rate_, level_of(settings_));
  SBitrateInfo bitrate{SPATIAL_LAYER_ALL, told.bits_per_s};
  if (encoder_->SetOption(ENCODER_OPTION_FRAME_RATE, &told.framerate) != cmResultSuccess ||
      encoder_->SetOption(ENCODER_OPTION_BITRATE, &bitrate) != cmResultSuccess) {
    return fail(ErrorCode::kInvalid, "OpenH264 rate");
  }
  return {};
}

}  // namespace

Status match_openh264(const EncoderSettings& settings) {
  RP_TRY(check_settings(settings));
  const int wide = (settings.size.width + 15) / 16;
  const int high = (settings.size.height + 15) / 16;
  if (wide * high > kMaxMacroblocks) {
    return fail(ErrorCode::kUnsupported, "OpenH264 takes at most 36864 macroblocks");
  }
  return {};
}

Result<std::unique_ptr<BlockingEncoder>> create_openh264_encoder(const EncoderSettings& settings) {
  return OpenH264Encoder::create(settings);
}

}  // namespace rp
