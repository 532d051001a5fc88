// Goal: shared memory becomes a dma-buf where that is possible and worth it, once, and whatever
// else clients do leaves them what they had: their pixels are copied. Method: a real client, real
// memory files, a fake device.
#include "engine/capture/shm_pools.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "engine/base/limits.h"
#include "engine/capture/fake_memfd_device.h"
#include "engine/frame/pixel_layout.h"
#include "tests/unit/engine/capture/buffer_fixture.h"

namespace rp::testing {
namespace {

constexpr Size kSize{512, 512};  // as small as any that is worth it
constexpr std::int32_t kBytes = 512 * 512 * 4;
constexpr std::uint32_t kPixel = 0xFF112233;
static_assert(kBytes == ShmPools::kLeastBytes);

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

SharedSourceFormats importing() {
  SourceFormats formats;
  formats.imports = true;
  formats.tranches = {{0, {{fourcc('X', 'R', '2', '4'), kModifierLinear, 1}}}};
  return std::make_shared<const SourceFormats>(formats);
}

// A pool in a memory file of its own.
struct Pool {
  explicit Pool(wl_shm* shm, int seals = F_SEAL_SHRINK, std::int32_t bytes = kBytes)
      : file(::memfd_create("pool", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
    EXPECT_EQ(::ftruncate(file.get(), bytes), 0);
    EXPECT_EQ(::fcntl(file.get(), F_ADD_SEALS, seals), 0);
    pool = wl_shm_create_pool(shm, file.get(), bytes);
  }
  Pool(Pool&& other) noexcept
      : file(std::move(other.file)), pool(std::exchange(other.pool, nullptr)) {}
  Pool(const Pool&) = delete;
  ~Pool() {
    if (pool != nullptr) wl_shm_pool_destroy(pool);
  }
  [[nodiscard]] wl_buffer* empty_buffer(std::int32_t offset = 0, Size size = kSize,
                                        std::uint32_t format = WL_SHM_FORMAT_XRGB8888) const {
    return wl_shm_pool_create_buffer(pool, offset, size.width, size.height, size.width * 4, format);
  }
  // Full of kPixel.
  [[nodiscard]] wl_buffer* buffer(std::int32_t offset = 0, Size size = kSize,
                                  std::uint32_t format = WL_SHM_FORMAT_XRGB8888) const {
    const std::vector<std::uint32_t> pixels(
        static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height), kPixel);
    EXPECT_EQ(::pwrite(file.get(), pixels.data(), pixels.size() * 4, offset),
              static_cast<ssize_t>(pixels.size() * 4));
    return empty_buffer(offset, size, format);
  }
  UniqueFd file;
  wl_shm_pool* pool;
};

class ShmPoolsTest : public BufferTest {
 protected:
  void SetUp() override {
    DisplayOptions options;
    options.memfds = &device_;
    options.source_formats = importing();
    start({}, WindowPolicy::kPhone, options);
    join();
    window_->map(0xFF000001);
  }
  // Commits it and takes the picture.
  std::shared_ptr<FrameBuffer> shown(wl_buffer* buffer) {
    show(buffer);
    EXPECT_TRUE(client_->roundtrip());
    return display_->take_scene().layers.at(0).buffer;
  }
  std::shared_ptr<FrameBuffer> shown_twice(wl_buffer* buffer) {
    (void)shown(buffer);
    return shown(buffer);
  }
  static bool is_shared(const FrameBuffer& buffer) { return buffer.plane(0).fd >= 0; }
  [[nodiscard]] std::uint64_t imports() const { return display_->counters().shm_imports.value(); }
  [[nodiscard]] std::uint64_t refusals() const { return display_->counters().shm_refusals.value(); }

  FakeMemfdDevice device_;
};

TEST_F(ShmPoolsTest, ABufferThatComesAgainIsShared) {
  const Pool pool(globals_->shm);
  wl_buffer* buffer = pool.buffer();
  EXPECT_FALSE(is_shared(*shown(buffer)));
  const auto again = shown(buffer);
  ASSERT_TRUE(is_shared(*again));
  EXPECT_EQ(again->modifier(), kModifierLinear);
  const int fd = again->plane(0).fd;
  EXPECT_EQ(shown(buffer)->plane(0).fd, fd);
  ASSERT_EQ(device_.asked.size(), 1U);
  EXPECT_EQ(device_.asked[0].size_bytes, std::uint64_t{kBytes});
  EXPECT_EQ(imports(), 1U);
  EXPECT_EQ(refusals(), 0U);
  // The CPU reads it as before.
  std::uint32_t pixel = 0;
  std::memcpy(&pixel, again->begin_cpu_read(), sizeof pixel);
  EXPECT_TRUE(again->end_cpu_read());
  EXPECT_EQ(pixel, kPixel);
}

TEST_F(ShmPoolsTest, ThePagesAroundItAreTaken) {
  const auto page = static_cast<std::int32_t>(::sysconf(_SC_PAGESIZE));
  const Pool pool(globals_->shm, F_SEAL_SHRINK, 3 * kBytes);
  const auto buffer = shown_twice(pool.buffer(kBytes + 100));
  ASSERT_TRUE(is_shared(*buffer));
  ASSERT_EQ(device_.asked.size(), 1U);
  EXPECT_EQ(device_.asked[0].offset_bytes, std::uint64_t{kBytes});
  EXPECT_EQ(device_.asked[0].size_bytes, static_cast<std::uint64_t>(kBytes + page));
  EXPECT_EQ(buffer->plane(0).offset_bytes, 100U);
}

TEST_F(ShmPoolsTest, WhatIsNotWorthItOrNotReadThereIsLeft) {
  const Pool pool(globals_->shm, F_SEAL_SHRINK, 2 * kBytes);
  EXPECT_FALSE(is_shared(*shown_twice(pool.buffer(0, {512, 511}))));
  EXPECT_FALSE(is_shared(*shown_twice(pool.buffer(0, kSize, WL_SHM_FORMAT_ARGB8888))));
  EXPECT_EQ(refusals(), 0U);
  EXPECT_FALSE(is_shared(*shown_twice(pool.buffer(2)))) << "between pixels";
  EXPECT_EQ(refusals(), 1U);
  EXPECT_TRUE(device_.asked.empty());
}

TEST_F(ShmPoolsTest, OnlyWhileTheComposerImports) {
  display_->set_source_formats(linear_source_formats());
  const Pool pool(globals_->shm);
  wl_buffer* buffer = pool.buffer();
  EXPECT_FALSE(is_shared(*shown_twice(buffer)));
  EXPECT_TRUE(device_.asked.empty());
  display_->set_source_formats(importing());
  EXPECT_TRUE(is_shared(*shown(buffer)));
}

TEST_F(ShmPoolsTest, MemoryThatMayShrinkIsCopied) {
  const Pool pool(globals_->shm, F_SEAL_GROW);
  wl_buffer* buffer = pool.buffer();
  EXPECT_FALSE(is_shared(*shown_twice(buffer)));
  EXPECT_EQ(refusals(), 1U);
  // A seal that comes later comes too late.
  ASSERT_EQ(::fcntl(pool.file.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
  EXPECT_FALSE(is_shared(*shown(buffer)));
  EXPECT_EQ(refusals(), 1U);
  EXPECT_TRUE(device_.asked.empty());
}

TEST_F(ShmPoolsTest, AFileOfAFileSystemIsCopied) {
  std::string path = ::testing::TempDir() + "rp-pool-XXXXXX";
  const UniqueFd file(::mkostemp(path.data(), O_CLOEXEC));
  std::filesystem::remove(path);
  ASSERT_EQ(::ftruncate(file.get(), kBytes), 0);
  wl_shm_pool* pool = wl_shm_create_pool(globals_->shm, file.get(), kBytes);
  wl_buffer* buffer = wl_shm_pool_create_buffer(pool, 0, kSize.width, kSize.height, kSize.width * 4,
                                                WL_SHM_FORMAT_XRGB8888);
  EXPECT_FALSE(is_shared(*shown_twice(buffer)));
  EXPECT_EQ(refusals(), 1U);
  wl_shm_pool_destroy(pool);
}

TEST_F(ShmPoolsTest, MemoryThatWasNeverFilledIsNotFilledForIt) {
  const Pool pool(globals_->shm);
  wl_buffer* buffer = pool.buffer();
  constexpr int kHole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  ASSERT_EQ(::fallocate(pool.file.get(), kHole, 4096, 4096), 0);
  EXPECT_FALSE(is_shared(*shown_twice(buffer)));
  EXPECT_EQ(refusals(), 1U);
  EXPECT_TRUE(device_.asked.empty());
}

// Of a file like this the kernel tells others nothing, and says that all is there.
TEST_F(ShmPoolsTest, AFileThatHidesItsPagesIsCopied) {
  const Pool pool(globals_->shm);
  ASSERT_EQ(::fchmod(pool.file.get(), 0600), 0);
  EXPECT_FALSE(is_shared(*shown_twice(pool.buffer())));
  EXPECT_EQ(refusals(), 1U);
}

TEST_F(ShmPoolsTest, ARefusalIsAskedForOnce) {
  device_.refuses = true;
  const Pool pool(globals_->shm);
  wl_buffer* buffer = pool.buffer();
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(is_shared(*shown(buffer)));
  EXPECT_EQ(device_.asked.size(), 1U);
  EXPECT_EQ(refusals(), 1U);
}

TEST_F(ShmPoolsTest, OneAPicture) {
  const Pool pool(globals_->shm, F_SEAL_SHRINK, 2 * kBytes);
  wl_buffer* const first = pool.buffer();
  wl_buffer* const second = pool.buffer(kBytes);
  (void)shown(first);
  (void)shown(second);
  show(first);
  EXPECT_FALSE(is_shared(*shown(second)));
  EXPECT_EQ(device_.asked.size(), 1U);
  EXPECT_TRUE(is_shared(*shown(second)));
  EXPECT_EQ(refusals(), 0U);
}

TEST_F(ShmPoolsTest, APoolThatGrewServesItsNewPart) {
  const Pool pool(globals_->shm);
  ASSERT_EQ(::ftruncate(pool.file.get(), 2 * kBytes), 0);
  wl_shm_pool_resize(pool.pool, 2 * kBytes);
  const Pool other(globals_->shm);  // in between
  wl_buffer* buffer = pool.buffer(kBytes);
  ASSERT_TRUE(client_->roundtrip());
  EXPECT_TRUE(is_shared(*shown_twice(buffer)));
  ASSERT_EQ(device_.asked.size(), 1U);
  EXPECT_EQ(device_.asked[0].offset_bytes, std::uint64_t{kBytes});
}

TEST_F(ShmPoolsTest, DestroyedWhileShownItIsCopiedAgain) {
  const Pool pool(globals_->shm);
  wl_buffer* buffer = pool.buffer();
  const auto kept = shown_twice(buffer);
  const int fd = kept->plane(0).fd;
  ASSERT_GE(fd, 0);
  wl_buffer_destroy(buffer);
  ASSERT_TRUE(client_->roundtrip());
  EXPECT_FALSE(is_shared(*kept));
  EXPECT_EQ(kept->plane(0).offset_bytes, 0U);
  EXPECT_GE(::fcntl(fd, F_GETFD), 0) << "a device may still read it";
  EXPECT_EQ(pixel_of(display_->take_scene().layers.at(0)), kPixel);
}

// ---- descriptors and bounds

TEST_F(ShmPoolsTest, DescriptorsGoWithWhatTheyAreFor) {
  const auto before = open_descriptors();
  {
    const Pool pool(globals_->shm, F_SEAL_SHRINK, 2 * kBytes);
    wl_buffer* const first = pool.buffer();
    wl_buffer* const second = pool.buffer(kBytes);
    ASSERT_TRUE(client_->roundtrip());
    EXPECT_EQ(open_descriptors(), before + 2);  // the test's, the display's
    (void)shown_twice(first);
    EXPECT_EQ(open_descriptors(), before + 3);
    (void)shown(window_->buffers.at(0)->get());
    wl_buffer_destroy(first);
    ASSERT_TRUE(client_->roundtrip());
    EXPECT_EQ(open_descriptors(), before + 2);
    wl_buffer_destroy(second);
  }
  ASSERT_TRUE(client_->roundtrip());
  EXPECT_EQ(open_descriptors(), before);
  // Without its pool it goes when the last buffer is decided.
  wl_buffer* last = nullptr;
  {
    const Pool pool(globals_->shm);
    last = pool.buffer();
  }
  ASSERT_TRUE(client_->roundtrip());
  EXPECT_EQ(open_descriptors(), before + 1);
  (void)shown_twice(last);
  EXPECT_EQ(open_descriptors(), before + 1);  // the dma-buf instead
}

TEST_F(ShmPoolsTest, AClientThatLeavesLeavesNothing) {
  const auto before = open_descriptors();
  auto other = connect();
  {
    const auto connected = open_descriptors();
    const Globals globals(*other);
    const Pool pool(globals.shm);
    (void)pool.buffer();
    ASSERT_TRUE(other->roundtrip());
    EXPECT_EQ(open_descriptors(), connected + 2);  // the test's, the display's
  }
  other.reset();
  for (int i = 0; i < 5; ++i) loop_->run_once(Duration(0));
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(ShmPoolsTest, ThousandsOfPoolsComeAndGo) {
  const auto before = open_descriptors();
  for (int i = 0; i < 3000; ++i) {
    const Pool pool(globals_->shm);
    wl_buffer_destroy(pool.empty_buffer());
    if (i % 20 == 0) client_->roundtrip();
  }
  ASSERT_TRUE(client_->roundtrip());
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(ShmPoolsTest, FilesAreBounded) {
  const auto before = open_descriptors();
  std::vector<Pool> pools;
  for (std::size_t i = 0; i < limits::kMaxShmFilesPerPhone + 20; ++i) {
    pools.emplace_back(globals_->shm);
    if (i % 20 == 0) client_->roundtrip();
  }
  ASSERT_TRUE(client_->roundtrip());
  EXPECT_EQ(open_descriptors() - before,
            static_cast<std::ptrdiff_t>(pools.size() + limits::kMaxShmFilesPerPhone));
  EXPECT_FALSE(is_shared(*shown_twice(pools.back().buffer())));
  EXPECT_EQ(refusals(), 1U);
  pools.clear();
  const Pool later(globals_->shm);
  EXPECT_TRUE(is_shared(*shown_twice(later.buffer())));
}

TEST_F(ShmPoolsTest, DmabufsAreBounded) {
  const Pool pool(globals_->shm);
  std::vector<wl_buffer*> buffers;
  for (std::size_t i = 0; i < limits::kMaxShmDmabufsPerPhone; ++i) {
    buffers.push_back(pool.buffer());
    EXPECT_TRUE(is_shared(*shown_twice(buffers.back()))) << i;
  }
  EXPECT_FALSE(is_shared(*shown_twice(pool.buffer())));
  EXPECT_EQ(refusals(), 1U);
  wl_buffer_destroy(buffers.front());
  EXPECT_TRUE(is_shared(*shown_twice(pool.buffer())));
}

TEST_F(ShmPoolsTest, BytesAreBounded) {
  constexpr std::int32_t kMost = 48 << 20;
  constexpr auto kFit = limits::kMaxShmDmabufBytesPerPhone / kMost;
  const Pool pool(globals_->shm, F_SEAL_SHRINK, kMost);
  for (std::size_t i = 0; i < kFit; ++i) {
    EXPECT_TRUE(is_shared(*shown_twice(pool.buffer(0, {4096, 3072})))) << i;
  }
  EXPECT_FALSE(is_shared(*shown_twice(pool.buffer(0, {4096, 3072}))));
  EXPECT_TRUE(is_shared(*shown_twice(pool.buffer())));
}

TEST_F(ShmPoolsTest, WithoutDescriptorsLeftItIsCopied) {
  const Pool pool(globals_->shm);
  wl_buffer* buffer = pool.buffer();
  wl_display_flush(client_->display());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // One is left, and the message takes it.
  const int next = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
  ::close(next);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(next) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  loop_->run_once(Duration(0));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(is_shared(*shown_twice(buffer)));
  EXPECT_EQ(refusals(), 1U);
}

TEST_F(ShmPoolsTest, WhatIsNoMemoryEndsTheClientAsBefore) {
  const auto before = open_descriptors();
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd read(ends[0]);
  const UniqueFd write(ends[1]);
  wl_shm_create_pool(globals_->shm, read.get(), kBytes);
  EXPECT_FALSE(client_->roundtrip());
  EXPECT_LE(open_descriptors(), before + 2);
}

}  // namespace
}  // namespace rp::testing
