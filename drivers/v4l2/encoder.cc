#include "drivers/v4l2/encoder.h"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "drivers/v4l2/copy.h"
#include "engine/base/log.h"
#include "engine/encode/settings.h"
#include "engine/frame/cpu_access.h"

namespace rp::v4l2 {
namespace {

// A device that pipelines keeps its last picture until the next comes; after so long it is drained.
constexpr Duration kHeldBack = std::chrono::milliseconds(100);
constexpr Duration kSilence = std::chrono::seconds(2);  // then it is taken for dead
constexpr Duration kFence = std::chrono::seconds(1);    // then whoever draws is taken for dead
constexpr std::size_t kMaxSpare = 4;

bool signalled(int fence) {
  pollfd entry{fence, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

}  // namespace

Result<std::unique_ptr<Encoder>> DeviceEncoder::create(DeviceEncoderParts parts,
                                                       const EncoderSettings& settings,
                                                       Completion completion) {
  RP_TRY(check_bounds(settings));
  std::unique_ptr<DeviceEncoder> encoder(
      new DeviceEncoder(std::move(parts), settings, std::move(completion)));
  RP_TRY(encoder->open());
  return encoder;
}

DeviceEncoder::DeviceEncoder(DeviceEncoderParts parts, const EncoderSettings& settings,
                             Completion completion)
    : parts_(std::move(parts)),
      settings_(settings),
      completion_(std::move(completion)),
      fence_limit_(parts_.loop.timer([this] {
        fence_.reset();
        for (std::size_t i = 0; i < jobs_.size(); ++i) {
          if (jobs_[i].with_device) continue;
          jobs_[i].request.picture->ready.reset();  // the picture is drawn anew
          finish(i, fail(ErrorCode::kTimeout, "the picture's fence was not signalled"));
          break;
        }
        settle();
      })),
      silence_(parts_.loop.timer([this] { on_silence(); })),
      delivery_(parts_.loop.timer([this] { settle(); })) {
  jobs_.reserve(kMaxInFlight);
  outcomes_.reserve(kMaxInFlight);
}

DeviceEncoder::~DeviceEncoder() {
  *alive_ = false;
  close();
}

Status DeviceEncoder::open() {
  RP_ASSIGN(auto device, parts_.open(parts_.path));
  RP_ASSIGN(auto instance, Instance::create(std::move(device), settings_, kMaxInFlight));
  RP_ASSIGN(watch_, parts_.loop.watch(instance->descriptor(), EPOLLIN | EPOLLOUT | EPOLLPRI,
                                      [this](std::uint32_t events) { on_device(events); }));
  instance_ = std::move(instance);
  held_ = std::vector<PictureRef>(instance_->output().count());
  output_busy_.assign(held_.size(), false);
  parts_.memory.learn(settings_.size, instance_->format());
  headers_.clear();
  key_needed_ = true;
  stream_fresh_ = true;
  draining_ = false;
  return {};
}

void DeviceEncoder::close() {
  watch_.reset();
  fence_.reset();
  fence_limit_.cancel();
  silence_.cancel();
  instance_.reset();  // the device reads no picture any more
  held_.clear();
  output_busy_.clear();
}

int DeviceEncoder::with_device() const {
  return static_cast<int>(std::ranges::count_if(jobs_, &Job::with_device));
}

int DeviceEncoder::in_flight() const { return static_cast<int>(jobs_.size() + outcomes_.size()); }

Status DeviceEncoder::submit(EncodeRequest& request) {
  if (!request.picture) return fail(ErrorCode::kInvalid, "encode: no picture");
  if (request.picture->size != settings_.size) {
    return fail(ErrorCode::kInvalid, "encode: the picture's size is not the encoder's");
  }
  if (in_flight() >= kMaxInFlight) return fail(ErrorCode::kWouldBlock, "encode");
  if (instance_ == nullptr) RP_TRY(open());
  Job job;
  job.request = std::move(request);
  job.tag = next_tag_++;
  jobs_.push_back(std::move(job));
  advance();
  if (!outcomes_.empty()) delivery_.arm_after(Duration(0));  // never from inside submit()
  return {};
}

void DeviceEncoder::set_rate(EncoderRate rate) {
  const EncoderRate now = bounded(rate, {settings_.bitrate_kbps, settings_.framerate});
  settings_.bitrate_kbps = now.bitrate_kbps;
  settings_.framerate = now.framerate;
  wanted_rate_ = now;
}

void DeviceEncoder::recycle(AccessUnit unit) {
  if (spare_.size() < kMaxSpare) spare_.push_back(std::move(unit.bytes));
}

// ---- to the device

void DeviceEncoder::advance() {
  if (instance_ == nullptr) return;
  for (Job& job : jobs_) {
    if (job.with_device) continue;
    if (draining_ || give(job) == Step::kWait) break;
    if (instance_ == nullptr) return;  // it failed, and all jobs with it
  }
  watch_time();
}

DeviceEncoder::Step DeviceEncoder::give(Job& job) {
  if (!wait_for_fence(job)) return Step::kWait;
  const Result<Step> prepared = prepare(job);
  if (!prepared) {
    give_up(prepared.error());
    return Step::kWait;
  }
  if (*prepared == Step::kWait) return Step::kWait;
  const auto free = std::ranges::find(output_busy_, false);
  if (free == output_busy_.end()) return Step::kWait;
  job.request.stamps.encode_begin = parts_.loop.clock().now();
  if (const Status given = enqueue(job, static_cast<std::uint32_t>(free - output_busy_.begin()));
      !given) {
    give_up(given.error());
    return Step::kWait;
  }
  job.with_device = true;
  last_progress_ = job.request.stamps.encode_begin;
  stream_fresh_ = false;
  key_needed_ = false;
  return Step::kDone;
}

// True when the picture is drawn. Whoever draws it may never finish: the wait has an end.
bool DeviceEncoder::wait_for_fence(Job& job) {
  Picture& picture = *job.request.picture;
  if (job.fence_passed || !picture.ready || signalled(picture.ready.get())) {
    job.fence_passed = true;
    picture.ready.reset();
    return true;
  }
  if (fence_) return false;
  auto watch = parts_.loop.watch(picture.ready.get(), EPOLLIN, [this](std::uint32_t) {
    fence_.reset();
    fence_limit_.cancel();
    settle();
  });
  if (!watch) return true;  // no descriptor to be had: better a torn picture than none
  fence_ = std::move(*watch);
  fence_limit_.arm_after(kFence);
  return false;
}

// All that has to hold before this picture is the device's next: its rate, its kind, its memory.
Result<DeviceEncoder::Step> DeviceEncoder::prepare(Job& job) {
  RP_ASSIGN(const Step rate, apply_rate());
  if (rate == Step::kWait) return Step::kWait;
  Picture& picture = *job.request.picture;
  const bool import = import_works_ && importable(picture, instance_->format().layout);
  if (!import) RP_TRY(map_for_cpu(picture));
  const BufferMemory memory = import ? BufferMemory::kDmabuf : BufferMemory::kMapped;
  if (instance_->output().memory() != memory) {
    if (with_device() > 0) return Step::kWait;
    RP_TRY(instance_->use_output_memory(memory));
    held_ = std::vector<PictureRef>(instance_->output().count());
    output_busy_.assign(held_.size(), false);
  }
  return apply_key(job);
}

Result<DeviceEncoder::Step> DeviceEncoder::apply_rate() {
  if (wanted_rate_.bitrate_kbps == 0) return Step::kDone;
  const ControlOutcome outcome = instance_->set_rate(wanted_rate_);
  if (outcome == ControlOutcome::kBusy) {
    // Only between two streams: what is under way is let through first.
    if (with_device() > 0) return Step::kWait;
    RP_TRY(instance_->capture().stop());
    (void)instance_->set_rate(wanted_rate_);
    RP_TRY(instance_->restart_stream());
    stream_fresh_ = true;
  } else if (outcome == ControlOutcome::kRefused) {
    log_limited(LogLevel::kWarning, "v4l2.rate_refused", {{"device", parts_.path}});
  }
  wanted_rate_ = {};
  return Step::kDone;
}

Result<DeviceEncoder::Step> DeviceEncoder::apply_key(Job& job) {
  if (!job.request.force_key && !key_needed_) return Step::kDone;
  job.key_wanted = true;
  if (stream_fresh_) return Step::kDone;  // begins with one
  // The control is about the device's next picture: that has to be this one.
  if (with_device() > 0) return Step::kWait;
  if (!key_by_restart_ && instance_->request_key() == ControlOutcome::kSet) return Step::kDone;
  RP_TRY(instance_->restart_stream());
  return Step::kDone;
}

Status DeviceEncoder::enqueue(Job& job, std::uint32_t index) {
  Queue& output = instance_->output();
  Picture& picture = *job.request.picture;
  if (output.memory() == BufferMemory::kDmabuf) {
    if (picture.y != nullptr) flush_cpu_writes(picture.dmabuf);
    const Status given = output.enqueue_dmabuf(index, picture.dmabuf, job.tag);
    if (given) {
      output_busy_[index] = true;
      held_[index] = std::move(job.request.picture);
      return {};
    }
    if (with_device() > 0 || !map_for_cpu(picture)) return given;
    log_limited(LogLevel::kWarning, "v4l2.import_refused",
                {{"device", parts_.path}, {"error", given.error()}});
    import_works_ = false;
    RP_TRY(instance_->use_output_memory(BufferMemory::kMapped));
    held_ = std::vector<PictureRef>(output.count());
    output_busy_.assign(held_.size(), false);
    index = 0;
  }
  const Negotiated& format = instance_->format();
  std::array<std::span<std::uint8_t>, 3> planes;
  for (int plane = 0; plane < format.raw.planes; ++plane) {
    planes[static_cast<std::size_t>(plane)] = output.plane(index, plane);
  }
  count_cpu_pixels(CpuPlace::kEncoderCopy, picture_bytes(picture.coded));
  if (picture.dmabuf >= 0) drop_cpu_caches(picture.dmabuf);
  copy_picture(picture, format.layout, format.raw.size, planes);
  RP_TRY(output.enqueue(index, job.tag));
  output_busy_[index] = true;
  job.request.picture.reset();  // the composer may have it again
  return {};
}

// ---- from the device

void DeviceEncoder::on_device(std::uint32_t events) {
  const Instance::Events news = instance_->take_events();
  const bool outputs = take_outputs();
  const bool captures = instance_ != nullptr && take_captures();
  if (instance_ != nullptr) {
    if (outputs || captures) last_progress_ = parts_.loop.clock().now();
    if (news.source_change) {
      give_up({ErrorCode::kUnavailable, 0, "the device changed its format"});
    } else if (draining_ && news.end_of_stream && with_device() == 0) {
      end_drain();
    } else if (!outputs && !captures && (events & (EPOLLERR | EPOLLHUP)) != 0) {
      give_up({ErrorCode::kUnavailable, 0, "the device reports an error or is gone"});
    }
  }
  settle();
}

bool DeviceEncoder::take_outputs() {
  bool any = false;
  while (true) {
    const auto done = instance_->output().dequeue();
    if (!done) {
      if (done.error().code != ErrorCode::kWouldBlock) give_up(done.error());
      return any;
    }
    any = true;
    output_busy_[done->index] = false;
    held_[done->index].reset();
  }
}

bool DeviceEncoder::take_captures() {
  bool any = false;
  while (true) {
    const auto done = instance_->capture().dequeue();
    if (!done) {
      if (done.error().code == ErrorCode::kClosed) {
        if (draining_) end_drain();
      } else if (done.error().code != ErrorCode::kWouldBlock) {
        give_up(done.error());
      }
      return any;
    }
    any = true;
    take_coded(*done);
    if (const Status again = instance_->capture().enqueue(done->index); !again) {
      give_up(again.error());
      return true;
    }
    if (done->last && draining_) end_drain();
    if (instance_ == nullptr) return true;
  }
}

void DeviceEncoder::take_coded(const Dequeued& done) {
  const auto bytes = instance_->capture().plane(done.index, 0).first(done.bytes);
  const BufferContent content = inspect(settings_.codec, bytes);
  if (!done.error && content.headers && !content.picture) {
    headers_.assign(bytes.begin(), bytes.end());
    return;
  }
  const auto job = std::ranges::find(jobs_, done.tag, &Job::tag);
  if (job == jobs_.end() || !job->with_device) return;  // a drain's last, or given up on before
  // Nothing is reordered here, so what came before it will not come any more.
  while (jobs_.front().tag != done.tag) {
    finish(0, fail(ErrorCode::kUnavailable, "the device left the picture out"));
  }
  Job& front = jobs_.front();
  if (done.error || !content.picture) {
    finish(0, fail(ErrorCode::kUnavailable, "the device could not encode the picture"));
  } else if (front.key_wanted && !content.key) {
    key_by_restart_ = true;
    finish(0, fail(ErrorCode::kUnavailable, "the device gave no key frame"));
  } else {
    finish(0, unit_for(front, bytes, content));
  }
}

AccessUnit DeviceEncoder::unit_for(const Job& job, std::span<const std::uint8_t> bytes,
                                   const BufferContent& content) {
  AccessUnit unit;
  if (!spare_.empty()) {
    unit.bytes = std::move(spare_.back());
    spare_.pop_back();
    unit.bytes.clear();
  }
  if (content.key && !content.headers) {
    unit.bytes.insert(unit.bytes.end(), headers_.begin(), headers_.end());
  }
  unit.bytes.insert(unit.bytes.end(), bytes.begin(), bytes.end());
  unit.key = content.key;
  unit.codec = settings_.codec;
  unit.shown = job.request.shown;
  unit.size = settings_.size;
  unit.stamps = job.request.stamps;
  unit.stamps.encoded = parts_.loop.clock().now();
  return unit;
}

void DeviceEncoder::end_drain() {
  draining_ = false;
  if (const Status started = instance_->end_drain(); !started) {
    give_up(started.error());
    return;
  }
  // Some drivers (vicodec is one) go on saying that the last buffer has been taken: begin anew.
  const auto next = instance_->capture().dequeue();
  if (next) {
    (void)instance_->capture().enqueue(next->index);  // nothing is under way that it could hold
  } else if (next.error().code == ErrorCode::kClosed) {
    const Status restarted = instance_->restart_stream();
    stream_fresh_ = true;
    if (!restarted) give_up(restarted.error());
  }
}

// ---- outcomes

void DeviceEncoder::finish(std::size_t index, Result<AccessUnit> outcome) {
  if (!outcome) key_needed_ = true;  // the viewer's decoder has no reference for the next
  jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(index));
  outcomes_.push_back(std::move(outcome));
}

void DeviceEncoder::give_up(const Error& error) {
  log_limited(LogLevel::kWarning, "v4l2.given_up", {{"device", parts_.path}, {"error", error}});
  fence_.reset();  // before the picture whose descriptor it watches goes
  while (!jobs_.empty()) finish(0, forward(error));
  close();
}

// Completions may submit, and may destroy this.
void DeviceEncoder::deliver() {
  const std::weak_ptr<bool> alive = alive_;
  while (!outcomes_.empty()) {
    Result<AccessUnit> outcome = std::move(outcomes_.front());
    outcomes_.erase(outcomes_.begin());
    // It is not destroyed while it runs, either.
    Completion completion = std::move(completion_);
    completion(std::move(outcome));
    if (alive.expired()) return;
    completion_ = std::move(completion);
  }
}

void DeviceEncoder::settle() {
  const std::weak_ptr<bool> alive = alive_;
  deliver();
  if (alive.expired()) return;
  advance();
  if (!outcomes_.empty()) delivery_.arm_after(Duration(0));
}

// ---- time

void DeviceEncoder::watch_time() {
  if (with_device() == 0) {
    silence_.cancel();
  } else if (!silence_.armed()) {
    silence_.arm_at(last_progress_ + (draining_ || !can_drain_ ? kSilence : kHeldBack));
  }
}

void DeviceEncoder::on_silence() {
  const Duration quiet = parts_.loop.clock().now() - last_progress_;
  if (quiet >= kSilence) {
    give_up({ErrorCode::kTimeout, 0, "the device does not answer"});
    settle();
    return;
  }
  if (quiet >= kHeldBack && !draining_ && can_drain_) {
    if (const Status begun = instance_->begin_drain(); begun) {
      draining_ = true;
    } else if (begun.error().code == ErrorCode::kUnsupported) {
      can_drain_ = false;
    } else {
      give_up(begun.error());
      settle();
      return;
    }
  }
  watch_time();
}

}  // namespace rp::v4l2
