// Queue: one of the two buffer queues of a memory-to-memory device: OUTPUT takes raw pictures,
// CAPTURE gives coded ones. Hides which of V4L2's two APIs, single or multi-planar, the device has.
// Everything the device answers (sizes, indices, byte counts) is checked before it is used.
//
//   set_format() → allocate() → start() ⇄ enqueue()/dequeue() → stop() → allocate(kNone)
//
// Thread rule: the shard's. The device must outlive the queue.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "drivers/v4l2/device.h"
#include "drivers/v4l2/format.h"

namespace rp::v4l2 {

enum class Direction : std::uint8_t { kOutput, kCapture };
enum class BufferMemory : std::uint8_t { kNone, kMapped, kDmabuf };

// A buffer that came back.
struct Dequeued {
  std::uint32_t index = 0;
  std::uint64_t tag = 0;  // CAPTURE: of the OUTPUT buffer it was made from
  std::uint32_t bytes = 0;
  bool error = false;
  bool last = false;  // of a drain
};

class Queue {
 public:
  Queue(Device& device, Direction direction, bool multiplanar);
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue();

  // All fourccs VIDIOC_ENUM_FMT names, at most 64.
  [[nodiscard]] Result<std::vector<std::uint32_t>> formats() const;
  // What the device made of the request. `size_bytes` of plane 0 asks for larger CAPTURE buffers.
  [[nodiscard]] Result<QueueFormat> set_format(std::uint32_t fourcc, Size size,
                                               std::uint32_t size_bytes = 0);
  // What is set now: setting one queue's format may change the other's.
  [[nodiscard]] Result<QueueFormat> format();
  // The picture's part of the buffer (V4L2_SEL_TGT_CROP); what the device made of it.
  [[nodiscard]] Result<Size> crop(Size size);
  // Frames a second, as a hint to the device.
  [[nodiscard]] Status set_framerate(std::uint32_t framerate);

  // VIDIOC_REQBUFS, and maps MMAP buffers. The device may give more or fewer than asked for, but at
  // least one. kExhausted: the device has no memory or no instance left.
  [[nodiscard]] Status allocate(BufferMemory memory, std::uint32_t count);
  [[nodiscard]] BufferMemory memory() const { return memory_; }
  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(buffers_.size()); }
  // Memory of a mapped buffer's plane.
  [[nodiscard]] std::span<std::uint8_t> plane(std::uint32_t index, int plane) const;

  [[nodiscard]] Status start();
  [[nodiscard]] Status stop();  // every buffer is ours again
  // OUTPUT: `bytes` of the first plane are given, 0: the whole of each, as `tag`'s. CAPTURE: to be
  // filled.
  [[nodiscard]] Status enqueue(std::uint32_t index, std::uint64_t tag = 0, std::uint32_t bytes = 0);
  [[nodiscard]] Status enqueue_dmabuf(std::uint32_t index, int dmabuf, std::uint64_t tag);
  // kWouldBlock: none is done. kClosed: none will be any more, the drain is over.
  [[nodiscard]] Result<Dequeued> dequeue();

 private:
  struct Buffer {
    std::vector<std::span<std::uint8_t>> planes;
    bool queued = false;
  };
  struct Request;
  [[nodiscard]] Result<Buffer> map(std::uint32_t index);
  void release();
  [[nodiscard]] Status send(Request& request, std::uint32_t index);

  Device& device_;
  Direction direction_;
  bool multiplanar_;
  std::uint32_t type_;
  QueueFormat format_;
  BufferMemory memory_ = BufferMemory::kNone;
  std::vector<Buffer> buffers_;
};

}  // namespace rp::v4l2
