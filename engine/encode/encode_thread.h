// EncodeThread: the one thread beside a shard on which blocking codecs run. It ferries jobs:
//
//   shard ── jobs ring ──► encode thread: channel->work(job)
//   shard ◄─ done ring ─── shard's loop:  channel->finished(job)
//
// The jobs are a fixed set made at the start, so a frame allocates nothing and neither ring can be
// full; when all are out, take() is null and the caller sees back-pressure. Jobs of all encoders
// are served in the order they were handed in, and come back in that order. Thread rule: everything
// from the shard, except EncodeChannel::work.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/base/ring.h"
#include "engine/base/unique_fd.h"
#include "engine/encode/encoder.h"

namespace rp {

struct EncodeJob;

// What one encoder does with its jobs.
class EncodeChannel {
 public:
  virtual ~EncodeChannel() = default;
  virtual void work(EncodeJob& job) = 0;      // on the encode thread; may block
  virtual void finished(EncodeJob& job) = 0;  // on the shard, from the loop
};

struct EncodeJob {
  // Shared, because a job in flight outlives its encoder; only the shard copies or drops it.
  std::shared_ptr<EncodeChannel> channel;
  EncodeRequest request;
  EncoderRate rate;  // to take on before this picture; zeros: as before
  AccessUnit unit;
  Status status;
};

class EncodeThread {
 public:
  // `loop` is the shard's and must outlive this; its clock is read on both threads. At most
  // `capacity` pictures are with the thread at a time, of all encoders together.
  [[nodiscard]] static Result<std::unique_ptr<EncodeThread>> create(EventLoop& loop,
                                                                    std::size_t capacity = 64);
  EncodeThread(const EncodeThread&) = delete;
  EncodeThread& operator=(const EncodeThread&) = delete;
  // Waits for the picture being encoded; drops the others. Not from inside finished().
  ~EncodeThread();

  // A job to fill and submit(), or null when all are out.
  [[nodiscard]] EncodeJob* take();
  void submit(EncodeJob* job);
  [[nodiscard]] const Clock& clock() const { return loop_.clock(); }

 private:
  EncodeThread(EventLoop& loop, std::size_t capacity);
  void serve();
  void collect();
  void give_back(EncodeJob* job);

  EventLoop& loop_;
  std::vector<EncodeJob> jobs_;
  std::vector<EncodeJob*> free_;
  Ring<EncodeJob*> todo_;
  Ring<EncodeJob*> done_;
  UniqueFd todo_event_;
  UniqueFd done_event_;
  EventLoop::Watch watch_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace rp
