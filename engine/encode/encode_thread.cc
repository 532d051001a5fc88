#include "engine/encode/encode_thread.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/thread_time.h"

namespace rp {
namespace {

// Both ends of an eventfd: 8 bytes, added up until read (eventfd(2)).
void signal_event(const UniqueFd& event) {
  const std::uint64_t one = 1;
  RP_CHECK(::write(event.get(), &one, sizeof one) == sizeof one || errno == EAGAIN);
}

void consume_event(const UniqueFd& event) {
  std::uint64_t count = 0;
  const auto got = ::read(event.get(), &count, sizeof count);
  RP_CHECK(got == sizeof count || errno == EINTR || errno == EAGAIN);
}

}  // namespace

EncodeThread::EncodeThread(EventLoop& loop, const EncodeThreadOptions& options)
    : loop_(loop), depth_(options.depth), todo_(options.depth), done_(options.depth) {}

Result<std::unique_ptr<EncodeThread>> EncodeThread::create(EventLoop& loop,
                                                           const EncodeThreadOptions& options) {
  RP_CHECK(options.depth > 0);
  std::unique_ptr<EncodeThread> self(new EncodeThread(loop, options));
  self->todo_event_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
  if (!self->todo_event_) return fail_errno("eventfd of the encode thread");
  self->done_event_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!self->done_event_) return fail_errno("eventfd of the encode thread");
  RP_ASSIGN(self->watch_, loop.watch(self->done_event_.get(), EPOLLIN,
                                     [raw = self.get()](std::uint32_t) { raw->collect(); }));
  RP_TRY(self->start(options.niceness));
  return self;
}

Status EncodeThread::start(int niceness) {
  // Signals are the main thread's; a new thread inherits the mask of the one that makes it.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error_number = 0;
  try {
    thread_ = std::thread([this, niceness] {
      // Who 0 is this thread alone. Without it (a limit of the system) all threads are equal.
      const int nice = ::getpriority(PRIO_PROCESS, 0) + niceness;
      if (niceness != 0 && ::setpriority(PRIO_PROCESS, 0, nice) != 0) {
        log_warning("encode_thread.not_nice", {{"errno", errno}});
      }
      serve();
    });
  } catch (const std::system_error& error) {
    error_number = error.code().value();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error_number != 0) return fail_errno(error_number, "start the encode thread");
  pthread_setname_np(thread_.native_handle(), "rp-encode");
  return {};
}

EncodeThread::~EncodeThread() {
  if (thread_.joinable()) {
    stopping_.store(true);
    signal_event(todo_event_);
    thread_.join();
  }
  watch_.reset();
  // What is left goes back without a word: the encoders are gone.
  EncodeJob* job = nullptr;
  while (done_.pop(job) || todo_.pop(job)) {
    const std::shared_ptr<EncodeChannel> channel = std::move(job->channel_);
    clear(*job);
  }
}

Duration EncodeThread::cpu_time() const {
  // native_handle() is not const in the standard library, though it changes nothing.
  return cpu_time_of(const_cast<std::thread&>(thread_).native_handle());
}

void EncodeThread::clear(EncodeJob& job) {
  job.request = {};
  job.rate = {};
}

void EncodeThread::count() {
  queue_length_.set(static_cast<double>(schedule_.size() + chores_.size() + with_thread_));
}

bool EncodeThread::ask_turn(EncodeChannel& channel, bool answers_input) {
  if (granted_ == &channel) return true;
  if (!dispatching_ && with_thread_ < depth_ && schedule_.empty()) return true;
  schedule_.wait(channel, clock().now(), answers_input);
  count();
  return false;
}

void EncodeThread::submit(EncodeChannel& channel, EncodeJob& job, bool answers_input) {
  if (granted_ == &channel) {
    granted_ = nullptr;
    job.asked_ = channel.since();
    schedule_.charge(channel, job.request.weight);
    send(channel, job);
    return;
  }
  job.asked_ = channel.waiting() ? channel.since() : clock().now();
  channel.ready_.push_back(&job);
  schedule_.wait(channel, job.asked_, answers_input);
  dispatch();
}

void EncodeThread::withdraw(EncodeChannel& channel) {
  schedule_.leave(channel);
  if (granted_ == &channel) granted_ = nullptr;
  for (EncodeJob* job : channel.ready_) clear(*job);
  channel.ready_.clear();
  count();
}

void EncodeThread::submit_chore(EncodeChannel& channel, EncodeJob& job) {
  chores_.emplace_back(channel.shared_from_this(), &job);
  dispatch();
}

void EncodeThread::dispatch() {
  if (std::exchange(dispatching_, true)) return;
  while (with_thread_ < depth_) {
    if (!chores_.empty()) {
      auto [channel, job] = std::move(chores_.front());
      chores_.pop_front();
      job->asked_ = clock().now();
      send(*channel, *job);
      continue;
    }
    auto* channel = static_cast<EncodeChannel*>(schedule_.next());
    if (channel == nullptr) break;
    if (channel->ready_.empty()) {
      const auto alive = channel->shared_from_this();
      granted_ = channel;
      channel->turn();
      if (std::exchange(granted_, nullptr) != nullptr) schedule_.leave(*channel);
      continue;
    }
    EncodeJob& job = *channel->ready_.front();
    channel->ready_.erase(channel->ready_.begin());
    schedule_.charge(*channel, job.request.weight);
    send(*channel, job);
    if (!channel->ready_.empty()) {
      schedule_.wait(*channel, channel->ready_.front()->asked_, false);
    }
  }
  dispatching_ = false;
  count();
}

void EncodeThread::send(EncodeChannel& channel, EncodeJob& job) {
  job.channel_ = channel.shared_from_this();
  ++with_thread_;
  RP_CHECK(todo_.push(&job));
  signal_event(todo_event_);
}

void EncodeThread::serve() {
  while (!stopping_.load()) {
    consume_event(todo_event_);
    EncodeJob* job = nullptr;
    while (!stopping_.load() && todo_.pop(job)) {
      job->begun_ = clock().now();
      job->channel_->work(*job);
      RP_CHECK(done_.push(std::move(job)));
      signal_event(done_event_);
    }
  }
}

void EncodeThread::collect() {
  consume_event(done_event_);
  const bool outer = std::exchange(dispatching_, true);
  EncodeJob* job = nullptr;
  while (done_.pop(job)) {
    --with_thread_;
    waits_.observe((job->begun_ - job->asked_).count());
    // The picture goes back first, so that the completion can compose into it at once.
    clear(*job);
    const std::shared_ptr<EncodeChannel> channel = std::move(job->channel_);
    channel->finished(*job);
  }
  dispatching_ = outer;
  dispatch();
}

}  // namespace rp
