// VulkanComposer: the composer on a Vulkan device. compose() records and submits; where the device
// exports sync files it does not wait: Picture::ready says when the picture is written, and the
// guests' dma-bufs learn when they have been read. Elsewhere, and for pictures in memory that only
// the CPU reaches, it returns when the picture is written.
//
//   guest's dma-buf ── import, once ──┐
//   guest's shm ───── upload ─────────┤► draw ► scratch ► convert ► picture (own, dma-buf, copy)
//   guest's fence ─── semaphore ──────┘                                └► sync file: ready
//
// Several pictures in one submission: begin_batch(), compose() each, end_batch(). What the device
// cannot do, or not now, is an error the CPU composer takes over from
// (compose/fallback_composer.h): then the picture and its stale region are as they were. render()
// and scan() are the CPU composer's. Thread rule: the shard's; a loop, when there is one, hears
// when work is done.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <vector>

#include "drivers/vulkan/picture_memory.h"
#include "drivers/vulkan/recorder.h"
#include "engine/base/event_loop.h"
#include "engine/compose/cpu_composer.h"
#include "engine/frame/guest_fence.h"

namespace rp {

struct VulkanComposerOptions {
  // Take a device that is the CPU after all (lavapipe): the CPU composer is faster.
  bool allow_software = false;
  // What the device is given to finish a submission, and a guest's fence to signal.
  std::chrono::milliseconds patience = kFencePatience;
  vulkan::ColourMatrix matrix = vulkan::ColourMatrix::kBt601;
  // Where completions are heard of, so that guests get their buffers back at once; null: at the
  // next call.
  EventLoop* loop = nullptr;
  // For tests.
  bool share_nothing = false;      // as a device without dma-bufs and sync files
  bool images_for_linear = false;  // read linear dma-bufs the way tiled ones are read
  bool software_waits = false;  // leave fences to a software device, whose submissions then block
};

// What it has done so far.
struct VulkanComposerStats {
  std::uint64_t pictures = 0;
  std::uint64_t submissions = 0;
  std::uint64_t uploaded_bytes = 0;     // of guests' pixels, by the CPU
  std::uint64_t copied_back_bytes = 0;  // of pictures, by the CPU
  std::uint64_t imported_layers = 0;
  std::uint64_t imported_images = 0;  // of them, read through a modifier
  std::uint64_t fences_waited = 0;    // by the device
  std::uint64_t read_fences = 0;      // put on guests' buffers, for those who draw into them next
  std::uint64_t fences_given_up = 0;  // never signalled in time; composed all the same
};

// Why it cannot be used on this machine, or the device it would use.
[[nodiscard]] Result<vulkan::DeviceInfo> match_vulkan_composer(bool allow_software);

class VulkanComposer final : public Composer {
 public:
  // As match_vulkan_composer(), or what the device refuses. Takes some milliseconds (software
  // devices: hundreds). `clock` outlives it.
  [[nodiscard]] static Result<std::unique_ptr<VulkanComposer>> create(
      const Clock& clock, const VulkanComposerOptions& options);
  VulkanComposer(const VulkanComposer&) = delete;
  VulkanComposer& operator=(const VulkanComposer&) = delete;
  ~VulkanComposer() override;

  [[nodiscard]] const SharedSourceFormats& source_formats() const override { return formats_; }
  // Besides Composer's errors: kUnavailable (the device is lost or does not finish its work),
  // kExhausted and kUnsupported (more layers, larger buffers or other memory than it takes).
  [[nodiscard]] Status compose(const Scene& scene, Picture& picture) override;
  [[nodiscard]] Status render(const Scene& scene, Rect area, std::span<std::uint32_t> out) override;
  [[nodiscard]] Status scan(const Scene& scene, Rect area, const Row& row) override;
  [[nodiscard]] bool on_device() const override { return true; }
  void begin_batch() override;
  [[nodiscard]] Status end_batch() override;

  // Pictures this composer writes without a copy: dma-bufs where the device exports them.
  [[nodiscard]] PictureAllocator& picture_memory() { return *memory_; }
  [[nodiscard]] const vulkan::Device& device() const { return *device_; }
  [[nodiscard]] const VulkanComposerStats& stats() const { return stats_; }

 private:
  // A picture the open work draws.
  struct Output {
    Picture* picture = nullptr;
    vulkan::Target target;
    std::vector<Rect> boxes;
  };
  struct Slot {
    std::unique_ptr<vulkan::Work> work;
    UniqueFd done;  // the sync file its watch looks at
    EventLoop::Watch watch;
  };

  VulkanComposer(const Clock& clock, const VulkanComposerOptions& options)
      : clock_(clock), options_(options) {}
  [[nodiscard]] Status start();
  [[nodiscard]] Status check_device();
  [[nodiscard]] Status complain();
  // How long to wait for the oldest work, and then for each that follows.
  struct Patience {
    std::chrono::nanoseconds first{0};
    std::chrono::nanoseconds rest{0};
  };
  [[nodiscard]] Status reap(Patience patience);
  [[nodiscard]] Result<vulkan::Work*> open_work();
  [[nodiscard]] Status draw(const Scene& scene, Picture& picture, vulkan::Work& work);
  [[nodiscard]] Status make_sources(const Scene& scene, vulkan::Work& work);
  [[nodiscard]] Status make_source_of(std::size_t entry, vulkan::Work& work);
  [[nodiscard]] Status await_fence(FrameBuffer& buffer, bool by_cpu, vulkan::Work& work);
  void give_up_fence();
  [[nodiscard]] Status fit_scratch(Size size);
  [[nodiscard]] Status submit();
  void hand_out_fences(Slot& slot, UniqueFd fence);
  [[nodiscard]] Status finish_outputs();
  void redo_outputs();
  [[nodiscard]] Status lose(Error error);
  [[nodiscard]] Slot& current() { return slots_[open_]; }

  static constexpr std::size_t kSlots = 4;

  const Clock& clock_;
  VulkanComposerOptions options_;
  std::shared_ptr<vulkan::Device> device_;  // shared with imports that live on in guests' buffers
  SharedSourceFormats formats_;
  std::unique_ptr<vulkan::Kernels> kernels_;
  std::unique_ptr<vulkan::VulkanPictureAllocator> memory_;
  std::array<Slot, kSlots> slots_;
  std::unique_ptr<vulkan::Buffer> scratch_;
  CpuComposer cpu_;
  VulkanComposerStats stats_;

  vulkan::ScenePlan plan_;
  std::vector<vulkan::Source> sources_;
  std::vector<vulkan::ReadPlan> reads_;
  std::vector<bool> sourced_;
  std::vector<Output> outputs_;
  std::vector<int> read_dmabufs_;  // of the open work; borrowed from buffers it holds
  std::size_t next_ = 0;           // slot to use next; the oldest in flight
  std::size_t open_ = 0;
  bool is_open_ = false;
  bool batching_ = false;
  // Fences are left to the device, until one has not signalled in time: then the CPU waits,
  // bounded.
  bool device_waits_ = false;
  bool impatient_ = false;  // the last fence the CPU waited for did not signal in time
  std::chrono::nanoseconds fence_patience_{0};  // left for the picture being drawn
  Status lost_;
};

}  // namespace rp
