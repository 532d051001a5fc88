#include "drivers/avcodec/worker_encoder.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/ring.h"
#include "engine/base/thread_time.h"
#include "engine/base/unique_fd.h"

namespace rp::avcodec {
namespace {

constexpr Duration kSilence = std::chrono::seconds(2);  // then the device is taken for dead
constexpr Duration kFence = std::chrono::milliseconds(250);
constexpr std::chrono::milliseconds kFarewell(250);
constexpr std::size_t kMaxSpare = 4;

void signal_event(const UniqueFd& event) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(event.get(), &one, sizeof one);
}

void consume_event(const UniqueFd& event) {
  std::uint64_t count = 0;
  while (::read(event.get(), &count, sizeof count) < 0 && errno == EINTR) {
  }
}

struct Job {
  EncodeRequest request;  // the picture is the shard's to drop
  EncoderRate rate;
  AccessUnit unit;
  Status status;
  bool opened = true;  // false: there was no codec to try it with
  bool busy = false;   // the shard's
};

}  // namespace

class WorkerEncoder::Worker {
 public:
  Worker(const Clock& clock, std::function<Result<std::unique_ptr<BlockingEncoder>>()> open)
      : clock_(clock), open_(std::move(open)) {}

  // On the thread.
  void serve() {
    while (!stopping.load(std::memory_order_acquire)) {
      consume_event(todo_event);
      Job* job = nullptr;
      while (!stopping.load(std::memory_order_acquire) && todo.pop(job)) {
        work(*job);
        RP_CHECK(done.push(std::move(job)));
        signal_event(done_event);
      }
    }
    codec_.reset();
    gone.store(true, std::memory_order_release);
    signal_event(done_event);
  }

  // On the shard, once the thread is gone: the pictures go back to their pools.
  void drop_pictures() {
    for (Job& job : jobs) job.request = {};
  }

  std::array<Job, kMaxInFlight> jobs;
  Ring<Job*> todo{kMaxInFlight};
  Ring<Job*> done{kMaxInFlight};
  UniqueFd todo_event;
  UniqueFd done_event;
  std::atomic<bool> stopping = false;
  std::atomic<bool> gone = false;

 private:
  void work(Job& job) {
    AccessUnit& unit = job.unit;
    unit.bytes.clear();
    unit.shown = job.request.shown;
    unit.size = job.request.picture->size;
    unit.stamps = job.request.stamps;
    unit.stamps.encode_begin = clock_.now();
    const Duration cpu_before = cpu_time_of(::pthread_self());
    job.opened = true;
    job.status = encode(job);
    if (!job.status) codec_.reset();
    unit.encode_cpu = cpu_time_of(::pthread_self()) - cpu_before;
    unit.stamps.encoded = clock_.now();
  }

  Status encode(Job& job) {
    RP_TRY(wait_until_written(*job.request.picture, kFence));
    const bool fresh = codec_ == nullptr;
    if (fresh) {
      auto opened = open_();
      job.opened = opened.has_value();
      if (!opened) return forward(opened.error());
      codec_ = std::move(*opened);
    }
    if (job.rate.bitrate_kbps != 0 || job.rate.framerate != 0) RP_TRY(codec_->set_rate(job.rate));
    return codec_->encode(*job.request.picture, job.request.force_key || fresh, job.unit);
  }

  const Clock& clock_;
  std::function<Result<std::unique_ptr<BlockingEncoder>>()> open_;
  std::unique_ptr<BlockingEncoder> codec_;
};

namespace {

// Workers of this shard that were left behind, and let go once their device has answered.
void sweep(std::shared_ptr<WorkerEncoder::Worker> left_behind) {
  thread_local std::vector<std::shared_ptr<WorkerEncoder::Worker>> all;
  if (left_behind != nullptr) all.push_back(std::move(left_behind));
  std::erase_if(all, [](const auto& worker) {
    if (!worker->gone.load(std::memory_order_acquire)) return false;
    worker->drop_pictures();
    return true;
  });
}

bool wait_until_gone(WorkerEncoder::Worker& worker) {
  const auto deadline = std::chrono::steady_clock::now() + kFarewell;
  while (!worker.gone.load(std::memory_order_acquire)) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd event{worker.done_event.get(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&event, 1, static_cast<int>(left.count())) == 0) break;
    consume_event(worker.done_event);
  }
  return worker.gone.load(std::memory_order_acquire);
}

}  // namespace

Result<std::unique_ptr<Encoder>> WorkerEncoder::create(WorkerParts parts,
                                                       const EncoderSettings& settings,
                                                       Completion completion) {
  sweep(nullptr);
  std::unique_ptr<WorkerEncoder> self(
      new WorkerEncoder(std::move(parts), settings.size, std::move(completion)));
  RP_TRY(self->start());
  return self;
}

WorkerEncoder::WorkerEncoder(WorkerParts parts, Size size, Completion completion)
    : parts_(std::move(parts)),
      size_(size),
      completion_(std::move(completion)),
      worker_(std::make_shared<Worker>(parts_.loop.clock(), parts_.open)),
      silence_(parts_.loop.timer([this] { on_silence(); })) {}

Status WorkerEncoder::start() {
  worker_->todo_event.reset(::eventfd(0, EFD_CLOEXEC));
  worker_->done_event.reset(::eventfd(0, EFD_CLOEXEC));
  if (!worker_->todo_event || !worker_->done_event) return fail_errno("eventfd");
  RP_ASSIGN(watch_, parts_.loop.watch(worker_->done_event.get(), EPOLLIN,
                                      [this](std::uint32_t) { collect(); }));
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are the main thread's
  int error_number = 0;
  try {
    std::thread thread([worker = worker_] {
      pthread_setname_np(::pthread_self(), "rp-device");
      worker->serve();
    });
    thread.detach();
  } catch (const std::system_error& error) {
    error_number = error.code().value();
    worker_->gone = true;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error_number != 0) return fail_errno(error_number, "start a device's thread");
  return {};
}

WorkerEncoder::~WorkerEncoder() {
  *alive_ = false;
  watch_.reset();
  worker_->stopping.store(true, std::memory_order_release);
  signal_event(worker_->todo_event);
  if (!hung_ && wait_until_gone(*worker_)) {
    worker_->drop_pictures();
  } else {
    sweep(std::move(worker_));
  }
}

Status WorkerEncoder::submit(EncodeRequest& request) {
  if (!request.picture) return fail(ErrorCode::kInvalid, "encode: no picture");
  if (request.picture->size != size_) {
    return fail(ErrorCode::kInvalid, "encode: the picture's size is not the encoder's");
  }
  if (lost_) return fail(ErrorCode::kUnavailable, "the device was given up");
  if (in_flight_ >= kMaxInFlight) return fail(ErrorCode::kWouldBlock, "encode");
  Job& job = *std::ranges::find(worker_->jobs, false, &Job::busy);
  job.busy = true;
  job.request = std::move(request);
  job.request.force_key = job.request.force_key || failures_ > 0;
  job.rate = std::exchange(wanted_rate_, {});
  job.unit = {};
  if (!spare_.empty()) {
    job.unit.bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  ++in_flight_;
  if (!silence_.armed()) silence_.arm_after(kSilence);
  RP_CHECK(worker_->todo.push(&job));
  signal_event(worker_->todo_event);
  return {};
}

void WorkerEncoder::set_rate(EncoderRate rate) {
  if (rate.bitrate_kbps != 0) wanted_rate_.bitrate_kbps = rate.bitrate_kbps;
  if (rate.framerate != 0) wanted_rate_.framerate = rate.framerate;
}

void WorkerEncoder::recycle(AccessUnit unit) {
  if (spare_.size() < kMaxSpare) spare_.push_back(std::move(unit.bytes));
}

// Completions may submit, and may destroy this.
void WorkerEncoder::collect() {
  consume_event(worker_->done_event);
  const std::weak_ptr<bool> alive = alive_;
  Job* job = nullptr;
  while (!lost_ && worker_->done.pop(job)) {
    --in_flight_;
    silence_.cancel();
    if (in_flight_ > 0) silence_.arm_after(kSilence);
    job->request = {};  // the picture goes back first, so that the completion can use it
    job->busy = false;
    const Status status = std::move(job->status);
    failures_ = status ? 0 : failures_ + 1;
    const bool hopeless = !status && (!job->opened || failures_ >= kMostFailures);
    if (status) {
      if (!tell(std::move(job->unit))) return;
    } else {
      recycle(std::move(job->unit));
      if (!tell(forward(status.error()))) return;
      if (hopeless) give_up(status.error());
      if (alive.expired()) return;
    }
  }
}

// False when the completion has destroyed this; it is not destroyed itself while it runs.
bool WorkerEncoder::tell(Result<AccessUnit> outcome) {
  const std::weak_ptr<bool> alive = alive_;
  Completion completion = std::move(completion_);
  completion(std::move(outcome));
  if (alive.expired()) return false;
  completion_ = std::move(completion);
  return true;
}

void WorkerEncoder::on_silence() {
  hung_ = true;
  give_up({ErrorCode::kTimeout, 0, "the device does not answer"});
}

// What the worker has stays with it until it answers.
void WorkerEncoder::give_up(const Error& error) {
  log_limited(LogLevel::kWarning, "avcodec.given_up", {{"encoder", parts_.name}, {"error", error}});
  lost_ = true;
  silence_.cancel();
  if (parts_.given_up) parts_.given_up(error);
  while (in_flight_ > 0) {
    --in_flight_;
    if (!tell(forward(error))) return;
  }
}

}  // namespace rp::avcodec
