// Instance: one encoder of a device, open, set up and streaming, as the kernel's "Memory-to-Memory
// Stateful Video Encoder Interface" describes it (dev-encoder.rst). Synchronous and without policy:
// what is done when is encoder.h's. Thread rule: the shard's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "drivers/v4l2/controls.h"
#include "drivers/v4l2/device.h"
#include "drivers/v4l2/format.h"
#include "drivers/v4l2/queue.h"
#include "engine/encode/encoder.h"

namespace rp::v4l2 {

struct DeviceCapability {
  std::string driver;
  std::string card;
  bool multiplanar = false;
};

// kUnsupported for what is no memory-to-memory device.
[[nodiscard]] Result<DeviceCapability> query_capability(Device& device);

// The raw side as the device wants it for pictures of `coded`.
struct Negotiated {
  QueueFormat raw;
  BufferLayout layout;
};
// Sets the coded format, then the best raw format the device takes at this size.
[[nodiscard]] Result<Negotiated> negotiate(Queue& output, Queue& capture, Codec codec, Size coded);

class Instance {
 public:
  // `in_flight`: pictures that may be with the device at a time. kExhausted: no instance is free.
  [[nodiscard]] static Result<std::unique_ptr<Instance>> create(std::unique_ptr<Device> device,
                                                                const EncoderSettings& settings,
                                                                std::uint32_t in_flight);
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance();

  [[nodiscard]] int descriptor() const { return device_->descriptor(); }
  [[nodiscard]] const Negotiated& format() const { return format_; }
  [[nodiscard]] Queue& output() { return output_; }
  [[nodiscard]] Queue& capture() { return capture_; }

  // Gives OUTPUT other memory; nothing may be queued there.
  [[nodiscard]] Status use_output_memory(BufferMemory memory);
  // A stream that is independent of what came before begins; coded buffers not yet taken are lost.
  [[nodiscard]] Status restart_stream();
  // Asks for a key frame by control; kAbsent: only restart_stream() gives one.
  [[nodiscard]] ControlOutcome request_key();
  // kBusy: not while it streams.
  [[nodiscard]] ControlOutcome set_rate(EncoderRate rate);
  // V4L2_ENC_CMD_STOP: what is queued is encoded, then CAPTURE says it was the last. kUnsupported:
  // the device has no such command.
  [[nodiscard]] Status begin_drain();
  [[nodiscard]] Status end_drain();  // V4L2_ENC_CMD_START
  struct Events {
    bool end_of_stream = false;
    bool source_change = false;
  };
  [[nodiscard]] Events take_events();

 private:
  Instance(std::unique_ptr<Device> device, bool multiplanar, const EncoderSettings& settings);
  [[nodiscard]] Status set_up(std::uint32_t in_flight);
  [[nodiscard]] Status set_shown_size();
  void set_controls();
  void set_h264_controls();
  [[nodiscard]] Status queue_all_captures();

  std::unique_ptr<Device> device_;
  EncoderSettings settings_;
  Queue output_;
  Queue capture_;
  Negotiated format_;
  std::uint32_t output_count_ = 0;
};

}  // namespace rp::v4l2
