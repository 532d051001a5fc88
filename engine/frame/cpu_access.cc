#include "engine/frame/cpu_access.h"

#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <numeric>
#include <string>

#include "engine/frame/picture.h"

namespace rp {
namespace {

constexpr std::array<std::string_view, kCpuPlaces> kNames = {"compose",      "picture", "tiles",
                                                             "keep",         "upload",  "copy_back",
                                                             "encoder_copy", "encode",  "cursor"};

struct Counts {
  std::array<Counter, kCpuPlaces> bytes;
  Counter mappings;
};

Counts& counts() {
  static Counts all;
  return all;
}

std::size_t index_of(CpuPlace place) { return static_cast<std::size_t>(place); }

Result<std::uint8_t*> map(int fd, std::size_t bytes, int protection, int flags,
                          std::int64_t offset) {
  void* memory = ::mmap(nullptr, bytes, protection, flags, fd, static_cast<off_t>(offset));
  if (memory == MAP_FAILED) return fail_errno("map pixels");
  return static_cast<std::uint8_t*>(memory);
}

}  // namespace

std::string_view name_of(CpuPlace place) { return kNames[index_of(place)]; }

void count_cpu_pixels(CpuPlace place, std::uint64_t bytes) {
  counts().bytes[index_of(place)].add_shared(bytes);
}

std::uint64_t cpu_pixel_bytes(CpuPlace place) { return counts().bytes[index_of(place)].value(); }

std::uint64_t cpu_pixel_bytes() {
  const auto& all = counts().bytes;
  const auto sum = std::accumulate(
      all.begin(), all.end(), std::uint64_t{0},
      [](std::uint64_t sum_bytes, const Counter& one) { return sum_bytes + one.value(); });
  return sum - cpu_pixel_bytes(CpuPlace::kCursor);
}

std::uint64_t cpu_pixel_mappings() { return counts().mappings.value(); }

std::vector<Registry::Handle> publish_cpu_pixels(Registry& registry) {
  std::vector<Registry::Handle> handles;
  handles.reserve(kCpuPlaces + 1);
  for (std::size_t i = 0; i < kCpuPlaces; ++i) {
    handles.push_back(registry.add("rackphone_cpu_pixel_bytes_total",
                                   "Bytes of pixels the CPU read or wrote, by what for.",
                                   {{"place", std::string(kNames[i])}}, counts().bytes[i]));
  }
  handles.push_back(registry.add("rackphone_cpu_pixel_mappings_total",
                                 "dma-bufs with pixels that were mapped for the CPU.", {},
                                 counts().mappings));
  return handles;
}

// ---- PixelMapping

Result<PixelMapping> PixelMapping::of_dmabuf(int fd, std::size_t bytes, Access access) {
  const int protection = access == Access::kRead ? PROT_READ : PROT_READ | PROT_WRITE;
  PixelMapping mapping;
  RP_ASSIGN(mapping.memory_, map(fd, bytes, protection, MAP_SHARED, 0));
  mapping.bytes_ = bytes;
  counts().mappings.add_shared();
  return mapping;
}

Result<PixelMapping> PixelMapping::of_device(int fd, std::size_t bytes, std::int64_t offset_bytes) {
  PixelMapping mapping;
  RP_ASSIGN(mapping.memory_, map(fd, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, offset_bytes));
  mapping.bytes_ = bytes;
  return mapping;
}

Result<PixelMapping> PixelMapping::anonymous(std::size_t bytes) {
  PixelMapping mapping;
  RP_ASSIGN(mapping.memory_,
            map(-1, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, 0));
  mapping.bytes_ = bytes;
  return mapping;
}

PixelMapping& PixelMapping::operator=(PixelMapping&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

PixelMapping::~PixelMapping() {
  if (memory_ != nullptr) ::munmap(memory_, bytes_);
}

// ---- CpuRead

CpuRead::CpuRead(FrameBuffer& buffer, CpuPlace place, std::uint64_t bytes)
    : buffer_(&buffer), pixels_(buffer.begin_cpu_read()) {
  if (pixels_ != nullptr) count_cpu_pixels(place, bytes);
}

bool CpuRead::end() {
  FrameBuffer* buffer = std::exchange(buffer_, nullptr);
  return buffer == nullptr || pixels_ == nullptr || buffer->end_cpu_read();
}

CpuRead::~CpuRead() { (void)end(); }

// ---- caches

namespace {

void sync_caches(int dmabuf, std::uint64_t flags) {
  dma_buf_sync sync{.flags = flags};
  (void)::ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync);
}

}  // namespace

void flush_cpu_writes(int dmabuf) {
  sync_caches(dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
  flush_more_cpu_writes(dmabuf);
}

void flush_more_cpu_writes(int dmabuf) {
  sync_caches(dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
}

void drop_cpu_caches(int dmabuf) {
  sync_caches(dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
  sync_caches(dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
}

// ---- pictures

Status map_for_cpu(Picture& picture) {
  if (picture.y != nullptr) return {};
  if (picture.dmabuf < 0 || picture.mappable_bytes == 0) {
    return fail(ErrorCode::kUnsupported, "the picture's memory cannot be reached by the CPU");
  }
  RP_ASSIGN(picture.mapping, PixelMapping::of_dmabuf(picture.dmabuf, picture.mappable_bytes,
                                                     PixelMapping::Access::kReadWrite));
  picture.y = picture.mapping.data() + picture.offset_y;
  picture.u = picture.mapping.data() + picture.offset_u;
  picture.v = picture.mapping.data() + picture.offset_v;
  return {};
}

}  // namespace rp
