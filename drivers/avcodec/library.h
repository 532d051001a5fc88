// FFmpeg's libavcodec and libavutil, opened at run time (dlopen) by the version whose headers this
// was compiled with: an engine without such a device neither needs nor loads them (Debian's bring
// some hundred libraries along), and packages do not depend on GPL code (docs/operations.md).
// Thread rule: any thread.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/dict.h>
#include <libavutil/hwcontext.h>
#include <libavutil/log.h>
}

#include <memory>
#include <string_view>

#include "engine/base/result.h"

namespace rp::avcodec {

// clang-format off
#define RP_AVUTIL_FUNCTIONS(X)                                                               \
  X(av_buffer_create) X(av_buffer_ref) X(av_buffer_unref) X(av_dict_free) X(av_dict_set)     \
  X(av_frame_alloc) X(av_frame_free) X(av_frame_unref) X(av_hwdevice_ctx_alloc)              \
  X(av_hwdevice_ctx_create) X(av_hwdevice_ctx_init) X(av_hwframe_ctx_alloc)                  \
  X(av_hwframe_ctx_create_derived) X(av_hwframe_ctx_init) X(av_hwframe_get_buffer)           \
  X(av_hwframe_map) X(av_hwframe_transfer_data) X(av_log_set_level) X(av_strerror)
#define RP_AVCODEC_FUNCTIONS(X)                                                              \
  X(av_packet_alloc) X(av_packet_free) X(av_packet_unref) X(avcodec_alloc_context3)          \
  X(avcodec_find_encoder_by_name) X(avcodec_free_context) X(avcodec_open2)                   \
  X(avcodec_receive_packet) X(avcodec_send_frame)
// clang-format on

struct Library {
#define RP_AV_MEMBER(name) decltype(&::name) name = nullptr;
  RP_AVUTIL_FUNCTIONS(RP_AV_MEMBER)
  RP_AVCODEC_FUNCTIONS(RP_AV_MEMBER)
#undef RP_AV_MEMBER
};

// Opened by the first call, never closed. kUnsupported with the package that is missing.
[[nodiscard]] Result<const Library*> library();

// `code` is a negative AVERROR.
[[nodiscard]] std::unexpected<Error> fail_av(const Library& lib, int code,
                                             std::string_view operation);

// Owners of what the library makes.
struct Free {
  const Library* lib = nullptr;
  void operator()(AVBufferRef* ref) const { lib->av_buffer_unref(&ref); }
  void operator()(AVCodecContext* context) const { lib->avcodec_free_context(&context); }
  void operator()(AVFrame* frame) const { lib->av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { lib->av_packet_free(&packet); }
};
using Buffer = std::unique_ptr<AVBufferRef, Free>;
using Frame = std::unique_ptr<AVFrame, Free>;
using Packet = std::unique_ptr<AVPacket, Free>;
using Context = std::unique_ptr<AVCodecContext, Free>;

}  // namespace rp::avcodec
