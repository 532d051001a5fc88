#include "drivers/avcodec/input.h"

#include <libyuv.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include <libdrm/drm_fourcc.h>

extern "C" {
#include <libavutil/hwcontext_drm.h>
}

#include "engine/frame/cpu_access.h"

namespace rp::avcodec {
namespace {

// The memory of a frame is the picture's: nothing to free.
void keep(void* /*opaque*/, std::uint8_t* /*data*/) {}

void set_size(AVFrame& frame, Size coded, AVPixelFormat format) {
  frame.width = coded.width;
  frame.height = coded.height;
  frame.format = format;
}

class MemoryInput final : public Input {
 public:
  MemoryInput(const Library& lib, PictureLayout layout) : lib_(lib), layout_(layout) {}
  [[nodiscard]] Status prepare(AVCodecContext& context) override {
    context.pix_fmt = format();
    return {};
  }
  [[nodiscard]] Status take(const Picture& picture, AVFrame& frame) override {
    PicturePlanes planes = picture;
    if (picture.y == nullptr) RP_TRY(map(planes));
    if (picture.dmabuf >= 0) drop_cpu_caches(picture.dmabuf);
    count_cpu_pixels(CpuPlace::kEncoderCopy, picture_bytes(picture.coded));
    if (picture.layout != layout_) planes = convert(planes, picture.coded);
    const bool pairs = layout_ == PictureLayout::kNv12;
    set_size(frame, picture.coded, format());
    frame.data[0] = planes.y;
    frame.data[1] = planes.u;
    frame.data[2] = pairs ? nullptr : planes.v;
    frame.linesize[0] = planes.stride_y;
    frame.linesize[1] = planes.stride_uv;
    frame.linesize[2] = pairs ? 0 : planes.stride_uv;
    // With a buffer of its own the frame counts as shared, and the library makes no copy of it.
    frame.buf[0] = lib_.av_buffer_create(planes.y, 1, keep, nullptr, AV_BUFFER_FLAG_READONLY);
    if (frame.buf[0] == nullptr) return fail(ErrorCode::kExhausted, "av_buffer_create");
    return {};
  }

 private:
  [[nodiscard]] AVPixelFormat format() const {
    return layout_ == PictureLayout::kNv12 ? AV_PIX_FMT_NV12 : AV_PIX_FMT_YUV420P;
  }
  // Until the next picture: the frame is empty again by then.
  Status map(PicturePlanes& p) {
    if (p.mappable_bytes == 0) {
      return fail(ErrorCode::kUnsupported, "neither device nor CPU can read the picture");
    }
    RP_ASSIGN(mapping_,
              PixelMapping::of_dmabuf(p.dmabuf, p.mappable_bytes, PixelMapping::Access::kRead));
    p.y = mapping_.data() + p.offset_y;
    p.u = mapping_.data() + p.offset_u;
    p.v = mapping_.data() + p.offset_v;
    return {};
  }
  PicturePlanes convert(const PicturePlanes& p, Size coded) {
    const int width = coded.width;
    const int height = coded.height;
    const auto luma = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    converted_.resize(luma * 3 / 2);
    PicturePlanes to;
    to.stride_y = width;
    to.y = converted_.data();
    to.u = to.y + luma;
    if (layout_ == PictureLayout::kNv12) {
      to.stride_uv = width;
      libyuv::I420ToNV12(p.y, p.stride_y, p.u, p.stride_uv, p.v, p.stride_uv, to.y, to.stride_y,
                         to.u, to.stride_uv, width, height);
    } else {
      to.stride_uv = width / 2;
      to.v = to.u + luma / 4;
      libyuv::NV12ToI420(p.y, p.stride_y, p.u, p.stride_uv, to.y, to.stride_y, to.u, to.stride_uv,
                         to.v, to.stride_uv, width, height);
    }
    return to;
  }

  const Library& lib_;
  PictureLayout layout_;
  PixelMapping mapping_;
  std::vector<std::uint8_t> converted_;
};

Result<Buffer> frames_context(const Library& lib, AVBufferRef& device, AVPixelFormat format,
                              Size coded) {
  Buffer frames(lib.av_hwframe_ctx_alloc(&device), Free{&lib});
  if (frames == nullptr) return fail(ErrorCode::kExhausted, "av_hwframe_ctx_alloc");
  auto& context = *reinterpret_cast<AVHWFramesContext*>(frames->data);
  context.format = format;
  context.sw_format = AV_PIX_FMT_NV12;
  context.width = coded.width;
  context.height = coded.height;
  if (const int code = lib.av_hwframe_ctx_init(frames.get()); code < 0) {
    return fail_av(lib, code, "av_hwframe_ctx_init");
  }
  return frames;
}

// AVFrames of AV_PIX_FMT_DRM_PRIME around pictures' dma-bufs.
class PrimeFrames {
 public:
  static Result<PrimeFrames> create(const Library& lib, Size coded) {
    Buffer device(lib.av_hwdevice_ctx_alloc(AV_HWDEVICE_TYPE_DRM), Free{&lib});
    if (device == nullptr) return fail(ErrorCode::kUnsupported, "libavutil knows no DRM");
    auto& context = *reinterpret_cast<AVHWDeviceContext*>(device->data);
    static_cast<AVDRMDeviceContext*>(context.hwctx)->fd = -1;  // none is needed to map
    if (const int code = lib.av_hwdevice_ctx_init(device.get()); code < 0) {
      return fail_av(lib, code, "av_hwdevice_ctx_init");
    }
    RP_ASSIGN(Buffer frames, frames_context(lib, *device, AV_PIX_FMT_DRM_PRIME, coded));
    return PrimeFrames(lib, std::move(frames));
  }
  [[nodiscard]] AVBufferRef& context() const { return *frames_; }

  [[nodiscard]] Result<Frame> wrap(const Picture& p) const {
    const ::off_t end = ::lseek(p.dmabuf, 0, SEEK_END);
    const std::int64_t need =
        std::int64_t{p.offset_u} + std::int64_t{p.stride_uv} * p.coded.height / 2;
    if (end < need) return fail(ErrorCode::kInvalid, "a dma-buf smaller than its picture");
    auto descriptor = std::make_unique<AVDRMFrameDescriptor>();
    descriptor->nb_objects = 1;
    descriptor->objects[0] = {p.dmabuf, static_cast<std::size_t>(end), p.modifier};
    descriptor->nb_layers = 1;
    descriptor->layers[0].format = DRM_FORMAT_NV12;
    descriptor->layers[0].nb_planes = 2;
    descriptor->layers[0].planes[0] = {0, p.offset_y, p.stride_y};
    descriptor->layers[0].planes[1] = {0, p.offset_u, p.stride_uv};
    Frame frame(lib_->av_frame_alloc(), Free{lib_});
    if (frame == nullptr) return fail(ErrorCode::kExhausted, "av_frame_alloc");
    set_size(*frame, p.coded, AV_PIX_FMT_DRM_PRIME);
    frame->buf[0] = lib_->av_buffer_create(
        reinterpret_cast<std::uint8_t*>(descriptor.get()), sizeof(AVDRMFrameDescriptor),
        [](void*, std::uint8_t* data) { delete reinterpret_cast<AVDRMFrameDescriptor*>(data); },
        nullptr, AV_BUFFER_FLAG_READONLY);
    if (frame->buf[0] == nullptr) return fail(ErrorCode::kExhausted, "av_buffer_create");
    frame->data[0] = reinterpret_cast<std::uint8_t*>(descriptor.release());
    frame->hw_frames_ctx = lib_->av_buffer_ref(frames_.get());
    if (frame->hw_frames_ctx == nullptr) return fail(ErrorCode::kExhausted, "av_buffer_ref");
    return frame;
  }

 private:
  PrimeFrames(const Library& lib, Buffer frames) : lib_(&lib), frames_(std::move(frames)) {}
  const Library* lib_;
  Buffer frames_;
};

class MappedInput final : public Input {
 public:
  MappedInput(const Library& lib, PrimeFrames prime) : lib_(lib), prime_(std::move(prime)) {}
  [[nodiscard]] Status prepare(AVCodecContext& context) override {
    context.pix_fmt = AV_PIX_FMT_NV12;
    return {};
  }
  [[nodiscard]] Status take(const Picture& picture, AVFrame& frame) override {
    if (!importable(picture)) return fail(ErrorCode::kUnsupported, "the picture is no dma-buf");
    RP_ASSIGN(const Frame prime, prime_.wrap(picture));
    frame.format = AV_PIX_FMT_NV12;
    const int code = lib_.av_hwframe_map(&frame, prime.get(), AV_HWFRAME_MAP_READ);
    if (code < 0) return fail_av(lib_, code, "map a dma-buf");
    return {};
  }

 private:
  const Library& lib_;
  PrimeFrames prime_;
};

class VaapiInput final : public Input {
 public:
  VaapiInput(const Library& lib, PrimeFrames prime, Buffer imported, Buffer own)
      : lib_(lib),
        prime_(std::move(prime)),
        imported_(std::move(imported)),
        own_(std::move(own)),
        plain_(lib, PictureLayout::kNv12) {}
  [[nodiscard]] Status prepare(AVCodecContext& context) override {
    context.pix_fmt = AV_PIX_FMT_VAAPI;
    context.hw_frames_ctx = lib_.av_buffer_ref(own_.get());
    if (context.hw_frames_ctx == nullptr) return fail(ErrorCode::kExhausted, "av_buffer_ref");
    return {};
  }
  [[nodiscard]] Status take(const Picture& picture, AVFrame& frame) override {
    if (import_works_ && importable(picture)) {
      const Status imported = import(picture, frame);
      // Which layouts a driver reads is found out by trying.
      if (imported || (picture.y == nullptr && picture.mappable_bytes == 0)) return imported;
      lib_.av_frame_unref(&frame);
      import_works_ = false;
    }
    return copy_up(picture, frame);
  }

 private:
  Status import(const Picture& picture, AVFrame& frame) {
    if (picture.y != nullptr) flush_cpu_writes(picture.dmabuf);
    RP_ASSIGN(const Frame prime, prime_.wrap(picture));
    frame.format = AV_PIX_FMT_VAAPI;
    frame.hw_frames_ctx = lib_.av_buffer_ref(imported_.get());
    if (frame.hw_frames_ctx == nullptr) return fail(ErrorCode::kExhausted, "av_buffer_ref");
    const int code = lib_.av_hwframe_map(&frame, prime.get(), AV_HWFRAME_MAP_READ);
    if (code < 0) return fail_av(lib_, code, "import a dma-buf");
    return {};
  }
  Status copy_up(const Picture& picture, AVFrame& frame) {
    const Frame plain(lib_.av_frame_alloc(), Free{&lib_});
    if (plain == nullptr) return fail(ErrorCode::kExhausted, "av_frame_alloc");
    RP_TRY(plain_.take(picture, *plain));
    int code = lib_.av_hwframe_get_buffer(own_.get(), &frame, 0);
    if (code >= 0) code = lib_.av_hwframe_transfer_data(&frame, plain.get(), 0);
    if (code < 0) return fail_av(lib_, code, "copy a picture to the device");
    return {};
  }

  const Library& lib_;
  PrimeFrames prime_;
  Buffer imported_;  // surfaces around dma-bufs
  Buffer own_;       // the device's own
  MemoryInput plain_;
  bool import_works_ = true;
};

}  // namespace

bool importable(const Picture& picture) {
  return picture.dmabuf >= 0 && picture.layout == PictureLayout::kNv12 &&
         picture.modifier == kModifierLinear;
}

std::unique_ptr<Input> make_memory_input(const Library& lib, PictureLayout layout) {
  return std::make_unique<MemoryInput>(lib, layout);
}

Result<std::unique_ptr<Input>> make_mapped_input(const Library& lib, Size coded) {
  RP_ASSIGN(PrimeFrames prime, PrimeFrames::create(lib, coded));
  return std::make_unique<MappedInput>(lib, std::move(prime));
}

Result<std::unique_ptr<Input>> make_vaapi_input(const Library& lib, AVBufferRef& device,
                                                Size coded) {
  RP_ASSIGN(PrimeFrames prime, PrimeFrames::create(lib, coded));
  RP_ASSIGN(Buffer own, frames_context(lib, device, AV_PIX_FMT_VAAPI, coded));
  AVBufferRef* derived = nullptr;
  const int code = lib.av_hwframe_ctx_create_derived(&derived, AV_PIX_FMT_VAAPI, &device,
                                                     &prime.context(), AV_HWFRAME_MAP_READ);
  if (code < 0) return fail_av(lib, code, "av_hwframe_ctx_create_derived");
  Buffer imported(derived, Free{&lib});
  return std::make_unique<VaapiInput>(lib, std::move(prime), std::move(imported), std::move(own));
}

}  // namespace rp::avcodec
