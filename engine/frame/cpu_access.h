// The one door through which the CPU gets at pixels, and what went through it. Guests' buffers are
// read inside a CpuRead; memory that holds pixels is mapped by PixelMapping; a picture in a
// device's memory is mapped by map_for_cpu() once the CPU has to write or read it. Whoever touches
// pixels says how many bytes: where devices draw and encode it is none, and this is how that shows
// (rackphone_cpu_pixel_bytes_total, docs/adr/0014-devices-alone.md). `tools/house deps` holds
// engine/ and drivers/ to it. Thread rule: counters from any thread; the rest as its memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/metrics.h"
#include "engine/base/result.h"
#include "engine/frame/frame.h"

namespace rp {

struct Picture;

// Where on a frame's way the CPU reads or writes pixels.
enum class CpuPlace : std::uint8_t {
  kCompose,      // guests' pixels, read by the CPU composer
  kPicture,      // pictures, written by it
  kTiles,        // guests' pixels, read to be compared and packed
  kKeep,         // guests' pixels, kept although their buffer goes
  kUpload,       // guests' pixels, copied to where a GPU reads them
  kCopyBack,     // pictures, copied from where a GPU wrote them
  kEncoderCopy,  // pictures, copied into a video device's buffers
  kEncode,       // pictures, read by a codec on the CPU
  kCursor,       // images of pointers, which are no part of the picture
};
inline constexpr std::size_t kCpuPlaces = 9;

// As in the metric's label: "compose", "encoder_copy".
[[nodiscard]] std::string_view name_of(CpuPlace place);
void count_cpu_pixels(CpuPlace place, std::uint64_t bytes);
[[nodiscard]] std::uint64_t cpu_pixel_bytes(CpuPlace place);
// Between an app's commit and the bitstream: all but the pointers' images.
[[nodiscard]] std::uint64_t cpu_pixel_bytes();
// dma-bufs that were mapped for the CPU so far.
[[nodiscard]] std::uint64_t cpu_pixel_mappings();
// Of this process; once in a registry.
[[nodiscard]] std::vector<Registry::Handle> publish_cpu_pixels(Registry& registry);

// Bytes of a picture of 4:2:0.
[[nodiscard]] constexpr std::uint64_t picture_bytes(Size size) {
  return static_cast<std::uint64_t>(size.width) * static_cast<std::uint64_t>(size.height) * 3 / 2;
}

// Memory that holds pixels, mapped until this goes.
class PixelMapping {
 public:
  enum class Access : std::uint8_t { kRead, kReadWrite };
  // From a dma-buf's start; counted.
  [[nodiscard]] static Result<PixelMapping> of_dmabuf(int fd, std::size_t bytes, Access access);
  // A device's own buffer, from `offset_bytes` of its node.
  [[nodiscard]] static Result<PixelMapping> of_device(int fd, std::size_t bytes,
                                                      std::int64_t offset_bytes);
  // Anonymous memory, touched only when used.
  [[nodiscard]] static Result<PixelMapping> anonymous(std::size_t bytes);

  PixelMapping() = default;
  PixelMapping(PixelMapping&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  PixelMapping& operator=(PixelMapping&& other) noexcept;
  ~PixelMapping();
  [[nodiscard]] explicit operator bool() const { return memory_ != nullptr; }
  [[nodiscard]] std::uint8_t* data() const { return memory_; }
  [[nodiscard]] std::size_t size() const { return bytes_; }

 private:
  std::uint8_t* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

// One reading of a guest's buffer, from begin_cpu_read() to end_cpu_read().
class CpuRead {
 public:
  // About `bytes` of it are going to be read.
  CpuRead(FrameBuffer& buffer, CpuPlace place, std::uint64_t bytes);
  CpuRead(const CpuRead&) = delete;
  CpuRead& operator=(const CpuRead&) = delete;
  ~CpuRead();
  // Of the buffer's first row; null: it cannot be mapped.
  [[nodiscard]] const std::uint8_t* pixels() const { return pixels_; }
  // False when there was less memory than the buffer had said.
  [[nodiscard]] bool end();

 private:
  FrameBuffer* buffer_;
  const std::uint8_t* pixels_;
};

// What the CPU has written into a dma-buf reaches memory before a device reads it; and what a
// device has written is what the CPU reads next (linux/dma-buf.h). Where devices see the CPU's
// caches neither does anything.
void flush_cpu_writes(int dmabuf);
// The same after it, for writes nobody announced, an app's into shared memory: without the kernel's
// wait for devices that still read, which has no limit.
void flush_more_cpu_writes(int dmabuf);
void drop_cpu_caches(int dmabuf);

// Gives a picture that lies in a dma-buf its planes' addresses, for as long as its memory lasts. At
// once when it has them. kUnsupported: the CPU cannot reach it.
[[nodiscard]] Status map_for_cpu(Picture& picture);

}  // namespace rp
