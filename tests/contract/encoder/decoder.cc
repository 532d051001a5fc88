#include "tests/contract/encoder/decoder.h"

extern "C" {
#include <libavcodec/avcodec.h>
}

#include <cstring>

namespace rp {

struct TestDecoder::Impl {
  AVCodecContext* context = nullptr;
  AVPacket* packet = av_packet_alloc();
  AVFrame* frame = av_frame_alloc();
};

TestDecoder::TestDecoder() : impl_(std::make_unique<Impl>()) {
  av_log_set_level(AV_LOG_QUIET);
  const AVCodec* codec = avcodec_find_decoder(AV_CODEC_ID_H264);
  RP_CHECK(codec != nullptr);
  impl_->context = avcodec_alloc_context3(codec);
  impl_->context->thread_count = 1;
  impl_->context->err_recognition = AV_EF_EXPLODE;
  RP_CHECK(avcodec_open2(impl_->context, codec, nullptr) == 0);
}

TestDecoder::~TestDecoder() {
  av_frame_free(&impl_->frame);
  av_packet_free(&impl_->packet);
  avcodec_free_context(&impl_->context);
}

Result<DecodedPicture> TestDecoder::decode(std::span<const std::uint8_t> access_unit) {
  std::vector<std::uint8_t> padded(access_unit.size() + AV_INPUT_BUFFER_PADDING_SIZE);
  std::memcpy(padded.data(), access_unit.data(), access_unit.size());
  impl_->packet->data = padded.data();
  impl_->packet->size = static_cast<int>(access_unit.size());
  if (avcodec_send_packet(impl_->context, impl_->packet) != 0) {
    return fail(ErrorCode::kInvalid, "the decoder refuses the access unit");
  }
  if (avcodec_receive_frame(impl_->context, impl_->frame) != 0) {
    return fail(ErrorCode::kWouldBlock, "the decoder holds the picture back");
  }
  const AVFrame& f = *impl_->frame;
  DecodedPicture out;
  out.size = {f.width, f.height};
  out.key = f.key_frame != 0;
  out.colour_matrix = f.colorspace;
  out.colour_transfer = f.color_trc;
  out.full_range = f.color_range == AVCOL_RANGE_JPEG;
  const auto width = static_cast<std::size_t>(f.width);
  out.y.resize(width * static_cast<std::size_t>(f.height));
  for (int y = 0; y < f.height; ++y) {
    std::memcpy(out.y.data() + width * static_cast<std::size_t>(y),
                f.data[0] + static_cast<std::ptrdiff_t>(y) * f.linesize[0], width);
  }
  av_frame_unref(impl_->frame);
  return out;
}

}  // namespace rp
