// EncodeThread: the one thread beside a shard on which blocking codecs run, and the queue before
// it. Few jobs are with the thread at a time, enough to keep it busy; the others wait on the shard
// in the order of EncodeSchedule, best of all as a mere wish: a picture should be composed when its
// turn has come, not grow old in a queue.
//
//   wishes, jobs ─► EncodeSchedule ── jobs ring ──► encode thread: channel->work(job)
//                        shard's loop ◄── done ring ── channel->finished(job)
//
// Jobs of one channel are served in the order they were handed in, and come back in that order.
// Jobs belong to their channel, so nothing is allocated for a frame and neither ring can be full.
// Thread rule: everything from the shard, except EncodeChannel::work and what says otherwise.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/base/metrics.h"
#include "engine/base/ring.h"
#include "engine/base/unique_fd.h"
#include "engine/encode/encode_schedule.h"
#include "engine/encode/encoder.h"

namespace rp {

class EncodeChannel;

struct EncodeJob {
  EncodeRequest request;
  EncoderRate rate;  // to take on before this picture; zeros: as before
  AccessUnit unit;
  Status status;

 private:
  friend class EncodeThread;
  std::shared_ptr<EncodeChannel> channel_;  // while with the thread; only the shard touches it
  TimePoint asked_;
  TimePoint begun_;
};

// What one encoder does with its jobs. Shared, because a job with the thread outlives its encoder.
class EncodeChannel : private EncodeSchedule::Place,
                      public std::enable_shared_from_this<EncodeChannel> {
 public:
  virtual ~EncodeChannel() = default;
  EncodeChannel(const EncodeChannel&) = delete;
  EncodeChannel& operator=(const EncodeChannel&) = delete;
  virtual void work(EncodeJob& job) = 0;      // on the encode thread; may block
  virtual void finished(EncodeJob& job) = 0;  // on the shard, from the loop
  // On the shard: the turn ask_turn() refused has come. A job handed in during the call goes at
  // once; without one the turn passes to the next.
  virtual void turn() {}

 protected:
  EncodeChannel() = default;

 private:
  friend class EncodeThread;
  std::vector<EncodeJob*> ready_;  // handed in, not yet with the thread
};

struct EncodeThreadOptions {
  // Jobs with the thread at a time: one in the codec, the rest so that it need not wait for the
  // shard.
  std::size_t depth = 3;
  // Added to the thread's nice value (setpriority(2)): when cores are short, input and display go
  // before codecs.
  int niceness = 5;
};

class EncodeThread {
 public:
  // `loop` is the shard's and must outlive this; its clock is read on both threads.
  [[nodiscard]] static Result<std::unique_ptr<EncodeThread>> create(
      EventLoop& loop, const EncodeThreadOptions& options = {});
  EncodeThread(const EncodeThread&) = delete;
  EncodeThread& operator=(const EncodeThread&) = delete;
  // Waits for the picture being encoded; drops the others. Not from inside finished() or turn().
  ~EncodeThread();

  // True: a job submitted right now, in this call of the loop, will not wait. False: turn() comes.
  [[nodiscard]] bool ask_turn(EncodeChannel& channel, bool answers_input);
  // `job` is the channel's own and stays valid until finished() has returned or the channel is
  // gone; `channel` is in a shared_ptr.
  void submit(EncodeChannel& channel, EncodeJob& job, bool answers_input);
  // Takes back the channel's wish and the jobs the thread has not got yet; they are emptied and
  // never finished().
  void withdraw(EncodeChannel& channel);
  // work() and then finished() for something that is no picture; goes before all pictures.
  void submit_chore(EncodeChannel& channel, EncodeJob& job);

  [[nodiscard]] EventLoop& loop() { return loop_; }
  [[nodiscard]] const Clock& clock() const { return loop_.clock(); }
  // From any thread: those that wait and those with the thread; the thread's CPU time; time from
  // the wish for a turn to the codec.
  [[nodiscard]] const Gauge& queue_length() const { return queue_length_; }
  [[nodiscard]] const LatencyHistogram& waits() const { return waits_; }
  [[nodiscard]] Duration cpu_time() const;

 private:
  EncodeThread(EventLoop& loop, const EncodeThreadOptions& options);
  [[nodiscard]] Status start(int niceness);
  void serve();
  void collect();
  void dispatch();
  void send(EncodeChannel& channel, EncodeJob& job);
  void count();
  static void clear(EncodeJob& job);

  EventLoop& loop_;
  EncodeSchedule schedule_;
  std::deque<std::pair<std::shared_ptr<EncodeChannel>, EncodeJob*>> chores_;
  EncodeChannel* granted_ = nullptr;  // whose turn() is being called
  bool dispatching_ = false;          // or collecting, which ends in it
  std::size_t depth_;
  std::size_t with_thread_ = 0;
  Ring<EncodeJob*> todo_;
  Ring<EncodeJob*> done_;
  UniqueFd todo_event_;
  UniqueFd done_event_;
  EventLoop::Watch watch_;
  Gauge queue_length_;
  LatencyHistogram waits_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace rp
