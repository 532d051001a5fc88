// ShmPools: the memory files behind one phone's pools of wl_shm. libwayland maps a pool and closes
// its descriptor, so a copy of it is taken from the request, before that is carried out, and kept
// for as long as a buffer in it may still become a dma-buf, which a device reads where it lies:
//
//   wl_shm.create_pool(file)       ► the file, if it is sealed against shrinking and not small
//   wl_shm_pool.create_buffer(at)  ► ShmPlace: that file, and where in it; the ShmBuffer takes it
//   a later commit                 ► ShmDmabuf: the pages in which the pixels lie
//
// Everything is bounded (limits.h). What does not come about, for whatever reason, leaves the
// buffer as it was, and its pixels are copied for each picture. Thread rule: the display's loop.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <wayland-server-core.h>

#include "engine/capture/display.h"
#include "engine/capture/memfd_device.h"

namespace rp {

class ShmFile;

struct ShmPlace {
  std::shared_ptr<const ShmFile> file;  // shared by its pool and its buffers; null: not kept
  std::uint64_t offset_bytes = 0;       // of the buffer's first pixel
};

// A dma-buf around one buffer's pixels. Counts against the phone until it goes, which may be after
// the phone's display: a device reads it until its work is done.
class ShmDmabuf {
 public:
  struct Use {  // of one phone
    std::size_t count = 0;
    std::uint64_t bytes = 0;
  };
  // `use` is shared because either may go first.
  ShmDmabuf(UniqueFd fd, MemoryRange range, std::uint32_t offset_bytes, std::shared_ptr<Use> use);
  ShmDmabuf(const ShmDmabuf&) = delete;
  ShmDmabuf& operator=(const ShmDmabuf&) = delete;
  ~ShmDmabuf();
  [[nodiscard]] int fd() const { return fd_.get(); }
  // Of the first pixel.
  [[nodiscard]] std::uint32_t offset_bytes() const { return offset_bytes_; }

 private:
  UniqueFd fd_;
  std::uint64_t bytes_;
  std::uint32_t offset_bytes_;
  std::shared_ptr<Use> use_;
};

class ShmPools {
 public:
  // Smaller buffers are copied for less than it costs to do without (docs/performance.md).
  static constexpr std::size_t kLeastBytes = std::size_t{1} << 20;

  // Both outlive it; it outlives the phone's clients.
  ShmPools(MemfdDevice& device, DisplayCounters& counters) : device_(device), counters_(counters) {}
  ShmPools(const ShmPools&) = delete;
  ShmPools& operator=(const ShmPools&) = delete;

  // Every request of the phone's clients, before libwayland carries it out.
  void on_request(const wl_protocol_logger_message& request);
  // Every object of theirs, as it is made.
  void on_resource_created(wl_resource* made);
  // Of a buffer of wl_shm, once.
  [[nodiscard]] static ShmPlace take_place(wl_resource* buffer);

  // A dma-buf of a buffer's pixels, which are mapped at `pixels`; counted, as is its failure.
  // kWouldBlock: one was made for this picture already, so ask again at a later commit. Others are
  // for good: the file is not kept, not all of the memory is there, a bound, or as
  // MemfdDevice::make_dmabuf().
  [[nodiscard]] Result<std::unique_ptr<ShmDmabuf>> make_dmabuf(
      const ShmPlace& place, std::span<const std::uint8_t> pixels);
  // A picture has been taken. It bounds what a client that makes buffers without end can cost.
  void picture_taken() { made_for_picture_ = false; }

 private:
  // What is about to be made.
  struct Expected {
    wl_client* client = nullptr;
    std::uint32_t id = 0;
    ShmPlace place;
  };
  [[nodiscard]] std::shared_ptr<const ShmFile> keep(int fd, std::int32_t pool_bytes);
  [[nodiscard]] Result<std::unique_ptr<ShmDmabuf>> make(const ShmPlace& place,
                                                        std::span<const std::uint8_t> pixels);

  MemfdDevice& device_;
  DisplayCounters& counters_;
  std::size_t files_ = 0;  // before what counts in it
  Expected expected_;
  std::shared_ptr<ShmDmabuf::Use> dmabufs_ = std::make_shared<ShmDmabuf::Use>();
  bool made_for_picture_ = false;
};

}  // namespace rp
