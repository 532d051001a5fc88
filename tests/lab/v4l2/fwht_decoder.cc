#include "tests/lab/v4l2/fwht_decoder.h"

#include <linux/videodev2.h>
#include <poll.h>

#include <algorithm>
#include <utility>

namespace rp {
namespace {

constexpr const char* kNode = "/dev/video1";
constexpr int kPatience_ms = 5000;

}  // namespace

FwhtDecoder::FwhtDecoder(std::unique_ptr<v4l2::Device> device, bool multiplanar)
    : device_(std::move(device)),
      output_(*device_, v4l2::Direction::kOutput, multiplanar),
      capture_(*device_, v4l2::Direction::kCapture, multiplanar) {}

Result<std::unique_ptr<FwhtDecoder>> FwhtDecoder::create(Size size, bool multiplanar) {
  RP_ASSIGN(auto device, v4l2::open_device(kNode));
  std::unique_ptr<FwhtDecoder> decoder(new FwhtDecoder(std::move(device), multiplanar));
  v4l2_event_subscription subscription{};
  subscription.type = V4L2_EVENT_SOURCE_CHANGE;
  RP_TRY(RP_V4L2(*decoder->device_, VIDIOC_SUBSCRIBE_EVENT, &subscription));
  const auto bytes = static_cast<std::uint32_t>(size.width * size.height * 2);
  RP_ASSIGN(const auto coded, decoder->output_.set_format(V4L2_PIX_FMT_FWHT, size, bytes));
  if (coded.fourcc != V4L2_PIX_FMT_FWHT) return fail(ErrorCode::kUnsupported, "no FWHT decoder");
  RP_TRY(decoder->output_.allocate(v4l2::BufferMemory::kMapped, 1));
  RP_TRY(decoder->output_.start());
  return decoder;
}

Status FwhtDecoder::wait(short events) {
  pollfd entry{device_->descriptor(), events, 0};
  if (::poll(&entry, 1, kPatience_ms) == 1 && (entry.revents & events) != 0) return {};
  return fail(ErrorCode::kTimeout, "the decoder does not answer");
}

// The first frame's header has told the decoder the size.
Status FwhtDecoder::start_capture() {
  RP_TRY(wait(POLLPRI));
  v4l2_event event{};
  RP_TRY(RP_V4L2(*device_, VIDIOC_DQEVENT, &event));
  RP_ASSIGN(const auto format, capture_.format());
  RP_ASSIGN(raw_, capture_.set_format(V4L2_PIX_FMT_NV12, format.size));
  RP_TRY(capture_.allocate(v4l2::BufferMemory::kMapped, 2));
  for (std::uint32_t i = 0; i < capture_.count(); ++i) RP_TRY(capture_.enqueue(i));
  capturing_ = true;
  return capture_.start();
}

Result<DecodedFrame> FwhtDecoder::decode(std::span<const std::uint8_t> frame) {
  const auto buffer = output_.plane(0, 0);
  if (frame.size() > buffer.size()) return fail(ErrorCode::kInvalid, "too large a frame");
  std::ranges::copy(frame, buffer.begin());
  RP_TRY(output_.enqueue(0, 1, static_cast<std::uint32_t>(frame.size())));
  if (!capturing_) RP_TRY(start_capture());
  RP_TRY(wait(POLLIN));
  RP_ASSIGN(const auto done, capture_.dequeue());
  if (done.error) return fail(ErrorCode::kInvalid, "the decoder refuses the frame");
  const auto plane = capture_.plane(done.index, 0).first(done.bytes);
  DecodedFrame decoded{raw_.size, raw_.stride_bytes[0], {plane.begin(), plane.end()}};
  RP_TRY(capture_.enqueue(done.index));
  RP_TRY(wait(POLLOUT));
  if (const auto taken = output_.dequeue(); !taken) return forward(taken.error());
  return decoded;
}

}  // namespace rp
