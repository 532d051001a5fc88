#include "engine/encode/threaded_encoder.h"

#include <atomic>
#include <ctime>

#include "engine/base/log.h"

namespace rp {
namespace {

Duration thread_cpu_time() {
  timespec ts{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return Duration(static_cast<std::int64_t>(ts.tv_sec) * 1'000'000 + ts.tv_nsec / 1'000);
}

}  // namespace

// The part that lives as long as the last job in flight.
class ThreadedEncoder::Channel final : public EncodeChannel {
 public:
  Channel(const Clock& clock, std::unique_ptr<BlockingEncoder> codec, Completion completion)
      : clock_(clock), codec_(std::move(codec)), completion_(std::move(completion)) {
    spare_.reserve(kMaxSpare);
  }

  void work(EncodeJob& job) override {
    if (abandoned_.load(std::memory_order_acquire)) return;
    const Picture& picture = *job.request.picture;
    AccessUnit& unit = job.unit;
    unit.bytes.clear();
    unit.key = false;
    unit.operations = 0;
    unit.shown = {};
    unit.settled = true;
    unit.size = picture.size;
    unit.stamps = job.request.stamps;
    unit.stamps.encode_begin = clock_.now();
    const Duration cpu_before = thread_cpu_time();
    if (job.rate.bitrate_kbps != 0 || job.rate.framerate != 0) {
      if (const Status set = codec_->set_rate(job.rate); !set) {
        log_limited(LogLevel::kWarning, "encoder.rate_refused", {{"error", set.error()}});
      }
    }
    job.status = codec_->encode(picture, job.request.force_key || key_needed_, unit);
    // A lost picture leaves the viewer's decoder without its reference.
    key_needed_ = !job.status.has_value();
    unit.encode_cpu = thread_cpu_time() - cpu_before;
    unit.stamps.encoded = clock_.now();
  }

  void finished(EncodeJob& job) override {
    --in_flight_;
    if (abandoned_.load(std::memory_order_relaxed)) return;
    if (job.status) {
      completion_(std::move(job.unit));
    } else {
      recycle(std::move(job.unit));
      completion_(forward(std::move(job.status).error()));
    }
  }

  void start(EncodeJob& job) {
    ++in_flight_;
    job.unit = {};
    if (spare_.empty()) return;
    job.unit.bytes = std::move(spare_.back());
    spare_.pop_back();
  }

  void recycle(AccessUnit unit) {
    if (spare_.size() < kMaxSpare) spare_.push_back(std::move(unit.bytes));
  }

  void abandon() { abandoned_.store(true, std::memory_order_release); }
  [[nodiscard]] int in_flight() const { return in_flight_; }

 private:
  static constexpr std::size_t kMaxSpare = 8;

  const Clock& clock_;
  std::unique_ptr<BlockingEncoder> codec_;  // the encode thread's
  bool key_needed_ = false;                 // the encode thread's
  std::atomic<bool> abandoned_ = false;
  Completion completion_;
  std::vector<std::vector<std::uint8_t>> spare_;
  int in_flight_ = 0;
};

ThreadedEncoder::ThreadedEncoder(EncodeThread& thread, std::string_view name,
                                 const EncoderSettings& settings,
                                 std::unique_ptr<BlockingEncoder> codec, Completion completion)
    : thread_(thread),
      name_(name),
      size_(settings.size),
      channel_(std::make_shared<Channel>(thread.clock(), std::move(codec), std::move(completion))) {
}

ThreadedEncoder::~ThreadedEncoder() { channel_->abandon(); }

Status ThreadedEncoder::submit(EncodeRequest& request) {
  if (!request.picture) return fail(ErrorCode::kInvalid, "encode: no picture");
  if (request.picture->size != size_) {
    return fail(ErrorCode::kInvalid, "encode: the picture's size is not the encoder's");
  }
  if (channel_->in_flight() >= kMaxInFlight) return fail(ErrorCode::kWouldBlock, "encode");
  EncodeJob* job = thread_.take();
  if (job == nullptr) return fail(ErrorCode::kWouldBlock, "encode");
  channel_->start(*job);
  job->channel = channel_;
  job->request = std::move(request);
  job->rate = std::exchange(wanted_rate_, {});
  thread_.submit(job);
  return {};
}

void ThreadedEncoder::set_rate(EncoderRate rate) {
  if (rate.bitrate_kbps != 0) wanted_rate_.bitrate_kbps = rate.bitrate_kbps;
  if (rate.framerate != 0) wanted_rate_.framerate = rate.framerate;
}

void ThreadedEncoder::recycle(AccessUnit unit) { channel_->recycle(std::move(unit)); }

int ThreadedEncoder::in_flight() const { return channel_->in_flight(); }

}  // namespace rp
