// Device: one way from libavcodec to a video encoder of this machine, as a row of the table of
// encoders: VA-API (Intel, AMD) or NVENC (NVIDIA). Looks once whether it is there, which takes tens
// of milliseconds and needs rights, so at the engine's start; afterwards only what failed lately is
// remembered. Thread rule: any thread.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "drivers/avcodec/codec.h"
#include "engine/encode/encoder.h"

namespace rp::avcodec {

struct DeviceKind {
  std::string_view name;              // of the row: "vaapi"
  std::string_view node;              // "/dev/dri/renderD": the start of its nodes' names
  std::string_view nothing;           // what is said when there is none
  AVHWDeviceType type;                // how libavutil opens it
  bool open_by_node;                  // else by the library itself
  std::span<const CodecSpec> codecs;  // the first of a Codec that opens is taken
  bool imports;                       // reads dma-bufs; else pictures are copied to it
};

// The nodes whose names begin so, in order.
[[nodiscard]] std::vector<std::string> nodes_of(std::string_view start);

class Device {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit Device(const DeviceKind& kind) : kind_(kind) {}

  // Why it does not serve such pictures, or success. The first call opens the device and, on trial,
  // its codec.
  [[nodiscard]] Status match(const EncoderSettings& settings);
  // Opens its codec. On the thread that will use it.
  [[nodiscard]] Result<std::unique_ptr<BlockingEncoder>> open(const EncoderSettings& settings);
  // Such pictures are refused for kRefused from `now` on: it failed with them.
  void refuse(const EncoderSettings& settings, const Error& why, Time now);
  [[nodiscard]] Status refused(const EncoderSettings& settings, Time now);
  [[nodiscard]] const DeviceKind& kind() const { return kind_; }

  static constexpr std::chrono::seconds kRefused{10};

 private:
  struct Refusal {
    Codec codec;
    Size size;
    std::string why;
    Time until;
  };
  [[nodiscard]] Status look(const EncoderSettings& settings);
  [[nodiscard]] Result<Buffer> share_device(const Library& lib);
  [[nodiscard]] bool encodes(Codec codec) const;

  const DeviceKind& kind_;
  std::mutex mutex_;  // never taken on a frame's way
  std::optional<Status> looked_;
  Buffer device_;  // shared by all its codecs; empty: to be opened
  std::vector<Refusal> refusals_;
};

// The rows of drivers/encoders.cc.
[[nodiscard]] Device& vaapi();
[[nodiscard]] Device& nvenc();

}  // namespace rp::avcodec
