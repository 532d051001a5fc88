// The kernel's own FWHT decoder (vicodec), through the protocol of stateful decoders
// (dev-decoder.rst): what the encoder's output is judged by. Thread rule: the test's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "drivers/v4l2/queue.h"
#include "engine/base/result.h"

namespace rp {

struct DecodedFrame {
  Size size;  // of the buffer; what is shown is its upper left part
  std::uint32_t stride = 0;
  std::vector<std::uint8_t> bytes;  // NV12
  [[nodiscard]] const std::uint8_t* uv() const {
    return bytes.data() + std::size_t{stride} * static_cast<std::size_t>(size.height);
  }
};

class FwhtDecoder {
 public:
  [[nodiscard]] static Result<std::unique_ptr<FwhtDecoder>> create(Size size, bool multiplanar);
  // One coded frame in, its picture out; waits at most 5 s.
  [[nodiscard]] Result<DecodedFrame> decode(std::span<const std::uint8_t> frame);

 private:
  FwhtDecoder(std::unique_ptr<v4l2::Device> device, bool multiplanar);
  [[nodiscard]] Status wait(short events);
  [[nodiscard]] Status start_capture();

  std::unique_ptr<v4l2::Device> device_;
  v4l2::Queue output_;
  v4l2::Queue capture_;
  v4l2::QueueFormat raw_;
  bool capturing_ = false;
};

}  // namespace rp
