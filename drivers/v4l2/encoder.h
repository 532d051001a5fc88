// DeviceEncoder: the Encoder of a V4L2 memory-to-memory device, and of whatever speaks its
// protocol. Stage 3 of a frame's way (docs/life_of_a_frame.md), without a thread: the shard's loop
// wakes it when the device has something.
//
//   submit ─► waiting ─(fence signalled, room)─► with the device ─► completion
//                                 │                     │
//                                 └── dma-buf: read where it lies; else copied to a device's buffer
//
// What goes wrong in the device (a buffer with an error, a silence of 2 s, a device that is gone)
// is told to the completions of the pictures it had; then the device is opened again, and the next
// picture is a key frame. A device that keeps its last picture until another comes is made to give
// it by a drain. Thread rule: everything on the shard; pictures are released there too.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "drivers/v4l2/instance.h"
#include "drivers/v4l2/memory.h"
#include "engine/base/event_loop.h"
#include "engine/encode/bitstream.h"
#include "engine/encode/encoder.h"

namespace rp::v4l2 {

struct DeviceEncoderParts {
  EventLoop& loop;
  DeviceOpener open;
  std::string path;        // "/dev/video0"
  DevicePictures& memory;  // whose pictures the device reads where they lie; outlives the encoder
};

class DeviceEncoder final : public Encoder {
 public:
  static constexpr int kMaxInFlight = 2;

  [[nodiscard]] static Result<std::unique_ptr<Encoder>> create(DeviceEncoderParts parts,
                                                               const EncoderSettings& settings,
                                                               Completion completion);
  DeviceEncoder(const DeviceEncoder&) = delete;
  DeviceEncoder& operator=(const DeviceEncoder&) = delete;
  ~DeviceEncoder() override;

  [[nodiscard]] Status submit(EncodeRequest& request) override;
  // The device itself decides who comes first.
  [[nodiscard]] bool ask_turn(std::uint32_t /*input_sequence*/) override { return true; }
  void set_on_turn(std::function<void()> /*on_turn*/) override {}
  void set_rate(EncoderRate rate) override;
  void recycle(AccessUnit unit) override;
  [[nodiscard]] int in_flight() const override;
  [[nodiscard]] std::string_view name() const override { return "v4l2"; }
  [[nodiscard]] bool on_device() const override { return true; }
  [[nodiscard]] PictureAllocator& picture_memory() override { return parts_.memory; }

 private:
  struct Job {
    EncodeRequest request;
    std::uint64_t tag = 0;
    bool with_device = false;
    bool key_wanted = false;
    bool fence_passed = false;
  };
  enum class Step : std::uint8_t { kDone, kWait };

  DeviceEncoder(DeviceEncoderParts parts, const EncoderSettings& settings, Completion completion);

  [[nodiscard]] Status open();
  void close();
  void on_device(std::uint32_t events);
  // Takes back what the device is done with; false when it had nothing.
  [[nodiscard]] bool take_outputs();
  [[nodiscard]] bool take_captures();
  void take_coded(const Dequeued& done);
  void end_drain();
  // Hands waiting pictures to the device, as far as it takes them.
  void advance();
  [[nodiscard]] Step give(Job& job);
  [[nodiscard]] Result<Step> prepare(Job& job);
  [[nodiscard]] Result<Step> apply_rate();
  [[nodiscard]] Result<Step> apply_key(Job& job);
  [[nodiscard]] bool wait_for_fence(Job& job);
  [[nodiscard]] Status enqueue(Job& job, std::uint32_t index);

  // The device failed: all pictures it had are lost, and it is opened anew with the next one.
  void give_up(const Error& error);
  void finish(std::size_t job, Result<AccessUnit> outcome);
  void deliver();
  void settle();  // on the loop, when something has changed
  void watch_time();
  void on_silence();
  [[nodiscard]] int with_device() const;
  [[nodiscard]] AccessUnit unit_for(const Job& job, std::span<const std::uint8_t> bytes,
                                    const BufferContent& content);

  DeviceEncoderParts parts_;
  EncoderSettings settings_;
  Completion completion_;
  std::unique_ptr<Instance> instance_;  // null: to be opened with the next picture
  EventLoop::Watch watch_;              // of the instance's descriptor
  EventLoop::Watch fence_;
  EventLoop::Timer fence_limit_;
  EventLoop::Timer silence_;   // the device has been quiet for so long
  EventLoop::Timer delivery_;  // of what failed inside submit()
  TimePoint last_progress_;
  std::vector<Job> jobs_;  // in the order they came
  std::vector<Result<AccessUnit>> outcomes_;
  std::vector<PictureRef> held_;  // by OUTPUT index: what the device may still read
  std::vector<bool> output_busy_;
  std::vector<std::uint8_t> headers_;  // that came in a buffer of their own
  std::vector<std::vector<std::uint8_t>> spare_;
  EncoderRate wanted_rate_;
  std::uint64_t next_tag_ = 1;
  bool key_needed_ = true;       // nobody has seen what the stream had before
  bool stream_fresh_ = true;     // nothing has been encoded since the stream began
  bool key_by_restart_ = false;  // the control is not there or does nothing
  bool import_works_ = true;
  bool can_drain_ = true;
  bool draining_ = false;
  // Of this object: a completion may destroy it.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rp::v4l2
