// Input: how pictures come to a codec of libavcodec: the narrow part that differs between devices,
// and between a device and a codec on the CPU. DRM PRIME (a dma-buf with its planes) is what the
// kernel's drivers share; libavutil maps it to the device's own kind of surface without a copy:
//
//   Picture, NV12, dma-buf ─► AVFrame DRM_PRIME ─map─► VA-API surface       (make_vaapi_input)
//                                               └map─► this process's memory (make_mapped_input)
//   Picture in plain memory ─► AVFrame, its bytes where they lie             (make_memory_input)
//                                   └─ copied up ─► VA-API surface
//
// Thread rule: made on any thread, then used from one thread only.
#pragma once

#include <memory>

#include "drivers/avcodec/library.h"
#include "engine/frame/picture.h"

namespace rp::avcodec {

class Input {
 public:
  virtual ~Input() = default;
  // Tells a codec that is not open yet what it will be given. May be called again, for the next.
  [[nodiscard]] virtual Status prepare(AVCodecContext& context) = 0;
  // Fills an empty frame with the picture, whose memory must stay until the frame is emptied.
  [[nodiscard]] virtual Status take(const Picture& picture, AVFrame& frame) = 0;
};

// Memory the CPU reads, for codecs on the CPU and those that copy it to their device themselves
// (NVENC). What is not of `layout` is converted.
[[nodiscard]] std::unique_ptr<Input> make_memory_input(const Library& lib, PictureLayout layout);
// Surfaces of the VA-API device `device` (of av_hwdevice_ctx_create), for pictures of `coded` size.
[[nodiscard]] Result<std::unique_ptr<Input>> make_vaapi_input(const Library& lib,
                                                              AVBufferRef& device, Size coded);
// The same import, mapped back into this process: what shows that an imported picture is the one
// that was meant, where there is no such device. kUnsupported for pictures without a dma-buf.
[[nodiscard]] Result<std::unique_ptr<Input>> make_mapped_input(const Library& lib, Size coded);

// Whether a picture can be imported: one linear dma-buf in NV12.
[[nodiscard]] bool importable(const Picture& picture);

}  // namespace rp::avcodec
