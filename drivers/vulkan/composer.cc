#include "drivers/vulkan/composer.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "drivers/vulkan/formats.h"
#include "drivers/vulkan/sync_file.h"
#include "engine/frame/guest_fence.h"

namespace rp {

using vulkan::Work;

Result<vulkan::DeviceInfo> match_vulkan_composer(bool allow_software) {
  return vulkan::Device::find({.allow_software = allow_software});
}

Result<std::unique_ptr<VulkanComposer>> VulkanComposer::create(
    const Clock& clock, const VulkanComposerOptions& options) {
  std::unique_ptr<VulkanComposer> composer(new VulkanComposer(clock, options));
  RP_TRY(composer->start());
  return composer;
}

Status VulkanComposer::start() {
  RP_ASSIGN(device_, vulkan::Device::create({.allow_software = options_.allow_software,
                                             .share_nothing = options_.share_nothing}));
  formats_ = vulkan::source_formats_of(*device_);
  RP_ASSIGN(kernels_, vulkan::Kernels::create(*device_));
  for (Slot& slot : slots_) {
    RP_ASSIGN(slot.work, Work::create(*device_, *kernels_));
  }
  memory_ = std::make_unique<vulkan::VulkanPictureAllocator>(device_);
  device_waits_ =
      device_->can().wait_sync_file && (!device_->info().software || options_.software_waits);
  return {};
}

VulkanComposer::~VulkanComposer() {
  outputs_.clear();  // of a batch nobody ended
  if (is_open_) (void)submit();
  for (Slot& slot : slots_) {
    if (slot.work == nullptr) continue;
    const Status finished = slot.work->finish(std::chrono::seconds(1));
    if (!finished && finished.error().code == ErrorCode::kWouldBlock) device_->note_hung();
  }
  if (device_ == nullptr || !device_->hung()) return;
  // What a hung device may still use is left to the end of the process.
  for (Slot& slot : slots_) (void)slot.work.release();
  (void)kernels_.release();
  (void)scratch_.release();
}

// ---- the composer's promises

Status VulkanComposer::render(const Scene& scene, Rect area, std::span<std::uint32_t> out) {
  return cpu_.render(scene, area, out);
}

Status VulkanComposer::scan(const Scene& scene, Rect area, const Row& row) {
  return cpu_.scan(scene, area, row);
}

Status VulkanComposer::compose(const Scene& scene, Picture& picture) {
  if (scene.output != picture.size) {
    return fail(ErrorCode::kInvalid, "compose: the scene's size is not the picture's");
  }
  RP_TRY(check_device());
  plan_.make(scene, picture.stale);
  if (plan_.boxes().empty()) {
    picture.stale.clear();
    return complain();
  }
  const std::size_t sets = plan_.entries().size() + 2;  // black, the layers, the picture
  if (sets > Work::kMostSets) {
    return fail(ErrorCode::kUnsupported, "compose: more layers than the device is given at a time");
  }
  if (is_open_ && current().work->sets_left() < sets) RP_TRY(submit());
  RP_ASSIGN(Work * work, open_work());
  const Status drawn = draw(scene, picture, *work);
  // What was recorded before it failed does no harm.
  const Status sent = batching_ && drawn ? Status{} : submit();
  RP_TRY(drawn);
  RP_TRY(sent);
  return complain();
}

// Of layers left out, if any were.
Status VulkanComposer::complain() {
  const char* complaint = plan_.complaint();
  plan_.clear();
  return complaint == nullptr ? Status{} : fail(ErrorCode::kInvalid, complaint);
}

void VulkanComposer::begin_batch() { batching_ = true; }

Status VulkanComposer::end_batch() {
  batching_ = false;
  return is_open_ ? submit() : Status{};
}

// ---- the device's work

Status VulkanComposer::lose(Error error) {
  if (error.code == ErrorCode::kUnavailable && lost_) lost_ = forward(error);
  return forward(std::move(error));
}

// A device that hangs is passed over until it goes on.
Status VulkanComposer::check_device() {
  RP_TRY(lost_);
  RP_TRY(reap({}));
  const Work* waiting = nullptr;
  for (const Slot& slot : slots_) {
    if (!slot.work->in_flight()) continue;
    if (waiting == nullptr || slot.work->submitted_at() < waiting->submitted_at()) {
      waiting = slot.work.get();
    }
  }
  if (waiting == nullptr || clock_.now() - waiting->submitted_at() < options_.patience) return {};
  if (waiting->waits_for_fences() && std::exchange(device_waits_, false)) {
    give_up_fence();
  }
  return fail(ErrorCode::kUnavailable, "compose: the device does not finish its work");
}

void VulkanComposer::give_up_fence() {
  ++stats_.fences_given_up;
  rp::give_up_fence("vulkan");
}

// Takes back what is done; work ends in the order it was begun.
Status VulkanComposer::reap(Patience patience) {
  std::chrono::nanoseconds limit = patience.first;
  for (std::size_t i = 0; i < kSlots; ++i) {
    Slot& slot = slots_[(next_ + i) % kSlots];
    if (!slot.work->in_flight()) continue;
    const Status finished = slot.work->finish(limit);
    if (!finished && finished.error().code == ErrorCode::kWouldBlock) return {};
    slot.watch.reset();
    slot.done.reset();
    if (!finished) return lose(finished.error());
    limit = patience.rest;
  }
  return {};
}

Result<Work*> VulkanComposer::open_work() {
  if (is_open_) return current().work.get();
  Slot& slot = slots_[next_];
  if (slot.work->in_flight()) RP_TRY(reap({.first = options_.patience}));
  if (slot.work->in_flight()) {
    return fail(ErrorCode::kUnavailable, "compose: the device does not finish its work");
  }
  RP_TRY(slot.work->begin());
  open_ = next_;
  next_ = (next_ + 1) % kSlots;
  is_open_ = true;
  return slot.work.get();
}

Status VulkanComposer::draw(const Scene& scene, Picture& picture, Work& work) {
  picture.ready.reset();
  // A guest whose fences never signal costs everyone on this loop little, after the first.
  const auto less = kFencePatience / kFenceImpatience;
  fence_patience_ = impatient_ ? options_.patience / less : options_.patience;
  RP_TRY(make_sources(scene, work));
  RP_TRY(fit_scratch(picture.size));
  Output output;
  output.picture = &picture;
  RP_ASSIGN(output.target, make_target(device_, picture, work));
  RP_TRY(vulkan::record({*device_, work, plan_, sources_, reads_, output.target, picture,
                         scratch_->handle(), options_.matrix}));
  output.boxes = plan_.boxes();
  outputs_.push_back(std::move(output));
  picture.stale.clear();
  ++stats_.pictures;
  return {};
}

Status VulkanComposer::make_sources(const Scene& scene, Work& work) {
  const std::size_t count = plan_.entries().size();
  sources_.assign(count, {});
  reads_.assign(count, {});
  sourced_.assign(count, false);
  // A layer left out may uncover others, which are looked at on the next turn; so it ends.
  for (bool again = true; again;) {
    again = false;
    plan_.look();
    for (std::size_t i = 0; i < count; ++i) {
      if (sourced_[i] || plan_.entries()[i].format == nullptr) continue;
      reads_[i] = vulkan::ReadPlan::of(*plan_.entries()[i].layer, scene.output);
      const Status made = make_source_of(i, work);
      if (made) continue;
      if (made.error().code != ErrorCode::kInvalid) return made;
      plan_.leave_out(i, "a layer's buffer cannot be read");
      again = true;
    }
  }
  return {};
}

Status VulkanComposer::make_source_of(std::size_t entry, Work& work) {
  Rect window;
  for (std::size_t box = 0; box < plan_.boxes().size(); ++box) {
    const Rect part = plan_.part(entry, box);
    if (part.empty()) continue;
    window = united(window, reads_[entry].window(part));
  }
  if (window.empty()) return {};  // not seen
  const vulkan::ScenePlan::Entry& planned = plan_.entries()[entry];
  const std::shared_ptr<FrameBuffer>& buffer = planned.layer->buffer;
  RP_ASSIGN(vulkan::LayerImport * import,
            import_of(device_, *buffer, {.images_for_linear = options_.images_for_linear}));
  RP_TRY(await_fence(*buffer, import == nullptr, work));
  RP_ASSIGN(sources_[entry], make_source(planned, window, import, work));
  sourced_[entry] = true;
  stats_.uploaded_bytes += sources_[entry].uploaded_bytes;
  if (import != nullptr) {
    ++stats_.imported_layers;
    if (import->image() != nullptr) ++stats_.imported_images;
    work.hold(buffer);
    read_dmabufs_.push_back(buffer->plane(0).fd);
  }
  return {};
}

// A guest's drawing that is not done yet: the device waits for it. Where it cannot, or once a fence
// has kept it waiting too long, we do, for no longer than a picture may take.
Status VulkanComposer::await_fence(FrameBuffer& buffer, bool by_cpu, Work& work) {
  const int fence = buffer.acquire_fence();
  if (fence < 0 || wait_for_fence(fence, std::chrono::milliseconds(0))) return {};
  if (!by_cpu && device_waits_) {
    UniqueFd copy(::fcntl(fence, F_DUPFD_CLOEXEC, 0));
    if (copy && work.wait_for(std::move(copy))) {
      ++stats_.fences_waited;
      return {};
    }
  }
  const auto begun = std::chrono::steady_clock::now();
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(fence_patience_);
  impatient_ = !wait_for_fence(fence, limit);
  if (impatient_) give_up_fence();
  fence_patience_ -= std::chrono::steady_clock::now() - begun;
  return {};
}

Status VulkanComposer::fit_scratch(Size size) {
  const auto bytes = static_cast<VkDeviceSize>(size.width) *
                     static_cast<VkDeviceSize>(size.height) * sizeof(std::uint32_t);
  if (scratch_ != nullptr && scratch_->bytes() >= bytes) return {};
  RP_ASSIGN(auto larger, vulkan::Buffer::create(*device_, bytes, vulkan::BufferUse::kDevice));
  if (scratch_ != nullptr) device_->retire(std::move(scratch_));
  scratch_ = std::move(larger);
  return {};
}

Status VulkanComposer::submit() {
  Slot& slot = current();
  is_open_ = false;
  if (const Status sent = slot.work->submit(clock_.now()); !sent) {
    redo_outputs();
    return lose(sent.error());
  }
  ++stats_.submissions;
  UniqueFd fence = slot.work->export_fence();
  const bool copies =
      std::ranges::any_of(outputs_, [](const Output& o) { return o.target.copy_from != nullptr; });
  if (!fence || copies) {
    const Status finished = finish_outputs();
    outputs_.clear();
    read_dmabufs_.clear();
    return finished;
  }
  hand_out_fences(slot, std::move(fence));
  outputs_.clear();
  read_dmabufs_.clear();
  return {};
}

void VulkanComposer::hand_out_fences(Slot& slot, UniqueFd fence) {
  for (const int dmabuf : read_dmabufs_) {
    if (vulkan::attach_fence(dmabuf, fence.get(), vulkan::FenceUse::kRead)) ++stats_.read_fences;
  }
  for (Output& output : outputs_) {
    if (output.target.dmabuf >= 0) {
      (void)vulkan::attach_fence(output.target.dmabuf, fence.get(), vulkan::FenceUse::kWrite);
    }
    output.picture->ready = UniqueFd(::fcntl(fence.get(), F_DUPFD_CLOEXEC, 0));
  }
  slot.done = std::move(fence);
  if (options_.loop == nullptr) return;
  auto watch =
      options_.loop->watch(slot.done.get(), EPOLLIN, [this](std::uint32_t) { (void)reap({}); });
  if (watch) slot.watch = std::move(*watch);
}

// Waits for the work just submitted and brings home what only the CPU can.
Status VulkanComposer::finish_outputs() {
  const Status reaped = reap({.first = options_.patience, .rest = options_.patience});
  if (!reaped || current().work->in_flight()) {
    redo_outputs();
    RP_TRY(reaped);
    return fail(ErrorCode::kUnavailable, "compose: the device does not finish its work");
  }
  for (Output& output : outputs_) {
    if (output.target.copy_from == nullptr) continue;
    copy_back(output.target, output.boxes, *output.picture);
    for (const Rect& box : output.boxes) {
      stats_.copied_back_bytes += static_cast<std::uint64_t>(box.width * box.height) * 3 / 2;
    }
  }
  return {};
}

// Nothing of it has been drawn, for all we know.
void VulkanComposer::redo_outputs() {
  for (Output& output : outputs_) {
    for (const Rect& box : output.boxes) output.picture->stale.add(box);
  }
  outputs_.clear();
  read_dmabufs_.clear();
}

}  // namespace rp
