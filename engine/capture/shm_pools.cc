#include "engine/capture/shm_pools.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/limits.h"
#include "engine/frame/cpu_access.h"

namespace rp {

// A descriptor that is kept.
class ShmFile {
 public:
  ShmFile(UniqueFd fd, std::size_t& count) : fd_(std::move(fd)), count_(count) { ++count_; }
  ShmFile(const ShmFile&) = delete;
  ShmFile& operator=(const ShmFile&) = delete;
  ~ShmFile() { --count_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::size_t& count_;
};

namespace {

constexpr std::uint32_t kFirstRequest = 0;  // wl_shm.create_pool, wl_shm_pool.create_buffer

// What is known of a wl_shm_pool or of one of its buffers, until it goes or is taken.
struct Tie {
  wl_listener listener;
  ShmPlace place;
};

void on_destroyed(wl_listener* listener, void* /*data*/) {
  delete reinterpret_cast<Tie*>(listener);
}

Tie* tie_of(wl_resource* resource) {
  return reinterpret_cast<Tie*>(wl_resource_get_destroy_listener(resource, on_destroyed));
}

// The seals come first: what has any is the kernel's own memory, and asking for more about it asks
// nobody else. (A file of FUSE is answered for by a guest's program.) Huge pages are left out.
bool is_sealed_memory(int fd) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) return false;
  struct statfs fs {};
  return ::fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

std::uint64_t page_bytes() {
  static const auto bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

MemoryRange pages_around(std::uint64_t first, std::uint64_t bytes) {
  const std::uint64_t rest = page_bytes() - 1;
  const std::uint64_t begin = first & ~rest;
  return {begin, ((first + bytes + rest) & ~rest) - begin};
}

// All of a mapping of the file is in memory. Otherwise a dma-buf would make the kernel fill what an
// app never has, on our time and account. Of a file that we may not write the kernel says yes to
// anything, so that is no.
bool is_resident(int file, std::span<const std::uint8_t> memory) {
  constexpr mode_t kWritable = S_IWUSR | S_IWGRP | S_IWOTH;  // as memory files are
  struct stat of_file {};
  if (memory.data() == nullptr || ::fstat(file, &of_file) != 0) return false;
  if ((of_file.st_mode & kWritable) != kWritable) return false;
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  const MemoryRange pages = pages_around(address, memory.size());
  std::vector<unsigned char> there(pages.size_bytes / page_bytes());
  void* first = const_cast<std::uint8_t*>(memory.data() - (address - pages.offset_bytes));
  if (::mincore(first, pages.size_bytes, there.data()) != 0) return false;
  return std::ranges::all_of(there, [](unsigned char page) { return (page & 1U) != 0; });
}

}  // namespace

// ---- ShmDmabuf

ShmDmabuf::ShmDmabuf(UniqueFd fd, MemoryRange range, std::uint32_t offset_bytes,
                     std::shared_ptr<Use> use)
    : fd_(std::move(fd)),
      bytes_(range.size_bytes),
      offset_bytes_(offset_bytes),
      use_(std::move(use)) {
  ++use_->count;
  use_->bytes += bytes_;
}

ShmDmabuf::~ShmDmabuf() {
  --use_->count;
  use_->bytes -= bytes_;
}

// ---- ShmPools

// libwayland logs a request and carries it out at once: what it makes comes next, or not at all.
void ShmPools::on_request(const wl_protocol_logger_message& request) {
  expected_ = {};
  if (request.message_opcode != kFirstRequest) return;
  const std::string_view type = wl_resource_get_class(request.resource);
  const wl_argument* arguments = request.arguments;
  ShmPlace place;
  if (type == "wl_shm") {
    place.file = keep(arguments[1].h, arguments[2].i);
  } else if (type == "wl_shm_pool") {
    const Tie* pool = tie_of(request.resource);
    if (pool == nullptr) return;
    place = {pool->place.file, static_cast<std::uint64_t>(arguments[1].i)};
  }
  if (place.file == nullptr) return;
  expected_ = {wl_resource_get_client(request.resource), arguments[0].n, std::move(place)};
}

std::shared_ptr<const ShmFile> ShmPools::keep(int fd, std::int32_t pool_bytes) {
  if (pool_bytes < static_cast<std::int32_t>(kLeastBytes)) return nullptr;
  if (files_ >= limits::kMaxShmFilesPerPhone || !is_sealed_memory(fd)) return nullptr;
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  return copy ? std::make_shared<const ShmFile>(std::move(copy), files_) : nullptr;
}

void ShmPools::on_resource_created(wl_resource* made) {
  if (expected_.place.file == nullptr || wl_resource_get_id(made) != expected_.id ||
      wl_resource_get_client(made) != expected_.client) {
    return;
  }
  auto* tie = new Tie{{}, std::exchange(expected_, {}).place};
  tie->listener.notify = on_destroyed;
  wl_resource_add_destroy_listener(made, &tie->listener);
}

ShmPlace ShmPools::take_place(wl_resource* buffer) {
  const std::unique_ptr<Tie> tie(tie_of(buffer));
  if (tie == nullptr) return {};
  wl_list_remove(&tie->listener.link);
  return std::move(tie->place);
}

Result<std::unique_ptr<ShmDmabuf>> ShmPools::make_dmabuf(const ShmPlace& place,
                                                         std::span<const std::uint8_t> pixels) {
  if (made_for_picture_) return fail(ErrorCode::kWouldBlock, "one a picture");
  auto made = make(place, pixels);
  (made ? counters_.shm_imports : counters_.shm_refusals).add();
  return made;
}

Result<std::unique_ptr<ShmDmabuf>> ShmPools::make(const ShmPlace& place,
                                                  std::span<const std::uint8_t> pixels) {
  if (place.file == nullptr) return fail(ErrorCode::kUnsupported, "the pool's file is not kept");
  const MemoryRange range = pages_around(place.offset_bytes, pixels.size());
  if (dmabufs_->count >= limits::kMaxShmDmabufsPerPhone ||
      dmabufs_->bytes + range.size_bytes > limits::kMaxShmDmabufBytesPerPhone) {
    return fail(ErrorCode::kExhausted, "dma-bufs of one phone's shared memory");
  }
  made_for_picture_ = true;
  if (!is_resident(place.file->fd(), pixels)) {
    return fail(ErrorCode::kInvalid, "the buffer has never been filled");
  }
  RP_ASSIGN(UniqueFd fd, device_.make_dmabuf(place.file->fd(), range));
  // No device reads it so far, so this does not wait.
  flush_cpu_writes(fd.get());
  return std::make_unique<ShmDmabuf>(
      std::move(fd), range, static_cast<std::uint32_t>(place.offset_bytes - range.offset_bytes),
      dmabufs_);
}

}  // namespace rp
