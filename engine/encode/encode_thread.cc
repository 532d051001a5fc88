#include "engine/encode/encode_thread.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

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

EncodeThread::EncodeThread(EventLoop& loop, std::size_t capacity)
    : loop_(loop), jobs_(capacity), todo_(capacity), done_(capacity) {
  free_.reserve(capacity);
  for (EncodeJob& job : jobs_) free_.push_back(&job);
}

Result<std::unique_ptr<EncodeThread>> EncodeThread::create(EventLoop& loop, std::size_t capacity) {
  RP_CHECK(capacity > 0);
  std::unique_ptr<EncodeThread> self(new EncodeThread(loop, capacity));
  self->todo_event_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
  if (!self->todo_event_) return fail_errno("eventfd of the encode thread");
  self->done_event_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!self->done_event_) return fail_errno("eventfd of the encode thread");
  RP_ASSIGN(self->watch_, loop.watch(self->done_event_.get(), EPOLLIN,
                                     [raw = self.get()](std::uint32_t) { raw->collect(); }));
  // Signals are the main thread's; a new thread inherits the mask of the one that makes it.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    self->thread_ = std::thread([raw = self.get()] { raw->serve(); });
  } catch (const std::system_error& error) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return fail_errno(error.code().value(), "start the encode thread");
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(self->thread_.native_handle(), "rp-encode");
  return self;
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
  while (done_.pop(job)) give_back(job);
  while (todo_.pop(job)) give_back(job);
}

EncodeJob* EncodeThread::take() {
  if (free_.empty()) return nullptr;
  EncodeJob* job = free_.back();
  free_.pop_back();
  return job;
}

void EncodeThread::submit(EncodeJob* job) {
  RP_CHECK(job->channel != nullptr);
  RP_CHECK(todo_.push(std::move(job)));
  signal_event(todo_event_);
}

void EncodeThread::give_back(EncodeJob* job) {
  job->request = {};
  job->rate = {};
  job->status = {};
  job->channel.reset();
  free_.push_back(job);
}

void EncodeThread::serve() {
  while (!stopping_.load()) {
    consume_event(todo_event_);
    EncodeJob* job = nullptr;
    while (!stopping_.load() && todo_.pop(job)) {
      job->channel->work(*job);
      RP_CHECK(done_.push(std::move(job)));
      signal_event(done_event_);
    }
  }
}

void EncodeThread::collect() {
  consume_event(done_event_);
  EncodeJob* job = nullptr;
  while (done_.pop(job)) {
    // The picture goes back first, so that the completion can compose into it at once.
    job->request.picture.reset();
    const std::shared_ptr<EncodeChannel> channel = job->channel;
    channel->finished(*job);
    give_back(job);
  }
}

}  // namespace rp
