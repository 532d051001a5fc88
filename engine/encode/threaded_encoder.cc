#include "engine/encode/threaded_encoder.h"

#include <array>
#include <atomic>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/thread_time.h"

namespace rp {

// The part that lives as long as the last job in flight.
class ThreadedEncoder::Channel final : public EncodeChannel {
 public:
  Channel(const Clock& clock, std::string_view name, EncoderRate rate, CodecLoan loan,
          Completion completion)
      : clock_(clock),
        loan_(std::move(loan)),
        rate_(rate),
        name_(name),
        completion_(std::move(completion)) {
    spare_.reserve(kMaxSpare);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() override { loan_.give_back(std::move(loan_.codec), codec_good_); }

  void work(EncodeJob& job) override {
    if (abandoned_.load(std::memory_order_acquire)) return;
    const Picture& picture = *job.request.picture;
    AccessUnit& unit = job.unit;
    unit.bytes.clear();
    unit.key = false;
    unit.operations = 0;
    unit.shown = job.request.shown;
    unit.settled = true;
    unit.size = picture.size;
    unit.stamps = job.request.stamps;
    unit.stamps.encode_begin = clock_.now();
    const Duration cpu_before = cpu_time_of(::pthread_self());
    job.status = encode(job);
    // A lost picture leaves the viewer's decoder without its reference.
    codec_good_ = job.status.has_value();
    key_needed_ = !codec_good_;
    served_by_[index(job)] = loan_.codec.driver;
    unit.encode_cpu = cpu_time_of(::pthread_self()) - cpu_before;
    unit.stamps.encoded = clock_.now();
  }

  void finished(EncodeJob& job) override {
    busy_[index(job)] = false;
    if (abandoned_.load(std::memory_order_relaxed)) return;
    if (!served_by_[index(job)].empty()) name_ = served_by_[index(job)];
    // The completion may hand the next picture in, in this very job.
    const Status status = std::move(job.status);
    if (status) {
      completion_(std::move(job.unit));
    } else {
      recycle(std::move(job.unit));
      completion_(forward(status.error()));
    }
  }

  void turn() override {
    if (on_turn_) on_turn_();
  }

  // An empty job; there must be one (in_flight() < kMaxInFlight).
  EncodeJob& take() {
    const std::size_t free = busy_[0] ? 1 : 0;
    busy_[free] = true;
    EncodeJob& job = jobs_[free];
    job.unit = {};
    job.status = {};
    if (!spare_.empty()) {
      job.unit.bytes = std::move(spare_.back());
      spare_.pop_back();
    }
    return job;
  }

  void recycle(AccessUnit unit) {
    if (spare_.size() < kMaxSpare) spare_.push_back(std::move(unit.bytes));
  }

  void set_on_turn(std::function<void()> on_turn) { on_turn_ = std::move(on_turn); }
  void abandon() { abandoned_.store(true, std::memory_order_release); }
  [[nodiscard]] int in_flight() const { return (busy_[0] ? 1 : 0) + (busy_[1] ? 1 : 0); }
  [[nodiscard]] std::string_view name() const { return name_; }

 private:
  static constexpr std::size_t kMaxSpare = 8;
  static constexpr Duration kDevicePatience = std::chrono::milliseconds(250);

  Status encode(EncodeJob& job) {
    if (loan_.codec.encoder == nullptr) {
      RP_ASSIGN(loan_.codec, loan_.open());
    }
    BlockingEncoder& codec = *loan_.codec.encoder;
    if (!begun_) RP_TRY(codec.begin(rate_));
    begun_ = true;
    if (job.rate.bitrate_kbps != 0 || job.rate.framerate != 0) {
      if (const Status set = codec.set_rate(job.rate); !set) {
        log_limited(LogLevel::kWarning, "encoder.rate_refused", {{"error", set.error()}});
      }
    }
    RP_TRY(wait_until_written(*job.request.picture, kDevicePatience));
    return codec.encode(*job.request.picture, job.request.force_key || key_needed_, job.unit);
  }

  [[nodiscard]] std::size_t index(const EncodeJob& job) const { return &job == &jobs_[0] ? 0 : 1; }

  const Clock& clock_;
  // The encode thread's while a job is with it.
  std::array<std::string_view, kMaxInFlight> served_by_;  // each, once its job is finished: ours
  CodecLoan loan_;
  EncoderRate rate_;  // to begin with
  bool begun_ = false;
  bool key_needed_ = true;  // nobody has seen what the codec made before
  bool codec_good_ = true;
  // Both threads'.
  std::atomic<bool> abandoned_ = false;
  // The shard's.
  std::string_view name_;
  Completion completion_;
  std::function<void()> on_turn_;
  std::array<EncodeJob, kMaxInFlight> jobs_;
  std::array<bool, kMaxInFlight> busy_{};
  std::vector<std::vector<std::uint8_t>> spare_;
};

ThreadedEncoder::ThreadedEncoder(EncodeThread& thread, std::string_view name,
                                 const EncoderSettings& settings, CodecLoan loan,
                                 Completion completion)
    : thread_(thread),
      size_(settings.size),
      channel_(std::make_shared<Channel>(thread.clock(), name,
                                         EncoderRate{settings.bitrate_kbps, settings.framerate},
                                         std::move(loan), std::move(completion))) {}

ThreadedEncoder::~ThreadedEncoder() {
  channel_->abandon();
  thread_.withdraw(*channel_);
}

Status ThreadedEncoder::submit(EncodeRequest& request) {
  if (!request.picture) return fail(ErrorCode::kInvalid, "encode: no picture");
  if (request.picture->size != size_) {
    return fail(ErrorCode::kInvalid, "encode: the picture's size is not the encoder's");
  }
  if (channel_->in_flight() >= kMaxInFlight) return fail(ErrorCode::kWouldBlock, "encode");
  EncodeJob& job = channel_->take();
  job.request = std::move(request);
  job.rate = std::exchange(wanted_rate_, {});
  const std::uint32_t input = job.request.stamps.input_sequence;
  thread_.submit(*channel_, job, input != 0 && input != std::exchange(answered_input_, input));
  return {};
}

bool ThreadedEncoder::ask_turn(std::uint32_t input_sequence) {
  return thread_.ask_turn(*channel_, input_sequence != 0 && input_sequence != answered_input_);
}

void ThreadedEncoder::set_on_turn(std::function<void()> on_turn) {
  channel_->set_on_turn(std::move(on_turn));
}

void ThreadedEncoder::set_rate(EncoderRate rate) {
  if (rate.bitrate_kbps != 0) wanted_rate_.bitrate_kbps = rate.bitrate_kbps;
  if (rate.framerate != 0) wanted_rate_.framerate = rate.framerate;
}

void ThreadedEncoder::recycle(AccessUnit unit) { channel_->recycle(std::move(unit)); }

int ThreadedEncoder::in_flight() const { return channel_->in_flight(); }

std::string_view ThreadedEncoder::name() const { return channel_->name(); }

}  // namespace rp
