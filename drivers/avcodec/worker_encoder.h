// WorkerEncoder: an Encoder for a device whose codec blocks its caller, on a thread of its own, so
// that a device works for several phones at once and none of them holds up a shard.
//
//   submit ─► ring ─► worker: wait for the picture's fence, encode ─► ring ─► loop: completion
//
// A picture that fails is told; the codec begins anew with the next, which is a key frame. After
// kMostFailures in a row, when it cannot be opened, or after a silence of 2 s, the device is given
// up: submit() fails from then on, `given_up` is told, and who asks the table again gets the next
// row. Nothing waits for a device that hangs: its worker is left behind, with the pictures it may
// still read. Thread rule: everything on the shard.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/encode/encoder.h"

namespace rp::avcodec {

struct WorkerParts {
  EventLoop& loop;
  std::string_view name;     // a constant
  PictureAllocator& memory;  // outlives the encoder
  bool on_device = false;    // Encoder::on_device()
  // Opens the codec; on the worker.
  std::function<Result<std::unique_ptr<BlockingEncoder>>()> open;
  std::function<void(const Error&)> given_up;  // on the shard
};

class WorkerEncoder final : public Encoder {
 public:
  static constexpr int kMaxInFlight = 2;
  static constexpr int kMostFailures = 3;

  [[nodiscard]] static Result<std::unique_ptr<Encoder>> create(WorkerParts parts,
                                                               const EncoderSettings& settings,
                                                               Completion completion);
  WorkerEncoder(const WorkerEncoder&) = delete;
  WorkerEncoder& operator=(const WorkerEncoder&) = delete;
  // Waits for a picture the device has, 250 ms at most.
  ~WorkerEncoder() override;

  [[nodiscard]] Status submit(EncodeRequest& request) override;
  // The device itself decides who comes first.
  [[nodiscard]] bool ask_turn(std::uint32_t /*input_sequence*/) override { return true; }
  void set_on_turn(std::function<void()> /*on_turn*/) override {}
  void set_rate(EncoderRate rate) override;
  void recycle(AccessUnit unit) override;
  [[nodiscard]] int in_flight() const override { return in_flight_; }
  [[nodiscard]] std::string_view name() const override { return parts_.name; }
  [[nodiscard]] bool on_device() const override { return parts_.on_device; }
  [[nodiscard]] PictureAllocator& picture_memory() override { return parts_.memory; }

  class Worker;  // what both threads have

 private:
  WorkerEncoder(WorkerParts parts, Size size, Completion completion);
  [[nodiscard]] Status start();
  void collect();
  [[nodiscard]] bool tell(Result<AccessUnit> outcome);
  void on_silence();
  void give_up(const Error& error);

  WorkerParts parts_;
  Size size_;
  Completion completion_;
  std::shared_ptr<Worker> worker_;  // shared with its thread, which may hang
  EventLoop::Watch watch_;
  EventLoop::Timer silence_;
  EncoderRate wanted_rate_;
  std::vector<std::vector<std::uint8_t>> spare_;
  int in_flight_ = 0;
  int failures_ = 0;
  bool lost_ = false;
  bool hung_ = false;  // lost because it does not answer
  // Of this object: a completion may destroy it.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rp::avcodec
