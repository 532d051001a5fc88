// ShardSet: the engine's shards as the front sees them: which phone lives where, and the way of a
// question to a shard's thread and of its answer back.
//
// A new phone goes to the shard that is least busy: by what its two threads have used over the last
// seconds, and among about equals by the number of phones. There it stays until it is removed: its
// apps are connected to a socket of that shard's loop, and a viewer that reconnects finds it there.
//
// Once a second, while there are phones, it measures shards and machine; a machine that is full
// takes no new phone and no phone's first viewer (Admission), and before it comes to that all
// phones show fewer pictures (FrameGovernor). Thread rule: the front's loop; answers come on it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/front/phone_directory.h"
#include "engine/front/stream_sink.h"
#include "engine/shard/admission.h"
#include "engine/shard/frame_governor.h"
#include "engine/shard/machine_meter.h"
#include "engine/shard/shard.h"

namespace rp {

struct ShardSetOptions {
  std::string phones_dir;
  AdmissionLimits limits = {};
};

class ShardSet final : public PhoneDirectory, public StreamSink {
 public:
  // `front` is the loop this is used from; it must outlive the set and not run any more when the
  // set goes.
  // `registry` must outlive it.
  ShardSet(EventLoop& front, Registry& registry, ShardSetOptions options,
           std::vector<std::unique_ptr<Shard>> shards);

  void put(PhoneRequest request, std::function<void(Result<PhoneInfo>)> answer) override;
  void get(std::string id, std::function<void(Result<PhoneInfo>)> answer) override;
  void list(std::function<void(std::vector<PhoneInfo>)> answer) override;
  void remove(std::string id, std::function<void(Status)> answer) override;
  void accept_stream(std::unique_ptr<ByteStream> stream, std::vector<std::uint8_t> early,
                     StreamTicket ticket) override;

  [[nodiscard]] std::size_t shard_count() const { return shards_.size(); }

 private:
  // Runs `work` on the shard's thread and `answer` with its result on the front's.
  template <typename Work, typename Answer>
  void ask(Shard& shard, Work work, Answer answer);
  [[nodiscard]] Shard& shard_for(const std::string& id);
  [[nodiscard]] Shard* find(const std::string& id);
  [[nodiscard]] PhoneInfo info(SessionStatus status) const;

  void measure();
  void govern(double cpu_busy);

  EventLoop& front_;
  ShardSetOptions options_;
  Admission admission_;
  FrameGovernor governor_;
  Result<MachineMeter> machine_;
  Gauge cpu_busy_;
  Gauge memory_available_;
  Gauge full_;
  Gauge least_interval_s_;
  Counter phones_refused_;
  std::vector<Registry::Handle> handles_;
  EventLoop::Timer measure_timer_;
  std::vector<std::unique_ptr<Shard>> shards_;
  struct Place {
    std::size_t shard = 0;    // index
    std::uint64_t asked = 0;  // puts and removals so far: an old answer does not free the place
  };
  std::unordered_map<std::string, Place> places_;  // by the phone's id
};

}  // namespace rp
