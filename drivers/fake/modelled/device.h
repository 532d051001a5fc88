// One modelled encoder device: what all its sessions share. It encodes one picture after the other,
// each for macroblocks / throughput seconds, and knows when each is done; nobody computes anything
// meanwhile. Thread rule: any thread; encoders of several shards share a device.
#pragma once

#include <mutex>

#include "drivers/fake/modelled/models.h"
#include "engine/base/result.h"

namespace rp {

class ModelledDevice {
 public:
  // `model` must outlive the device.
  explicit ModelledDevice(const EncoderModel& model) : model_(model) {}

  [[nodiscard]] const EncoderModel& model() const { return model_; }
  // kUnavailable, saying how many there are, when every session is taken.
  [[nodiscard]] Status open_session();
  void close_session();
  // Queues a picture that is ready at `ready` behind those queued before; when it is encoded.
  [[nodiscard]] TimePoint queue(TimePoint ready, std::uint64_t macroblocks);

 private:
  const EncoderModel& model_;
  std::mutex mutex_;
  int sessions_ = 0;
  // Nanoseconds, because a small picture takes a fraction of a microsecond's multiple: rounding
  // each up would cost percents of the throughput.
  std::int64_t free_from_ns_ = 0;
};

}  // namespace rp
