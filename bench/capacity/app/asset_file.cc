// The file of LoadAssets, for phones that are processes of their own. In the byte order of the
// machine, which never leaves it:
//
//   0        8                40
//   ├────────┼────────────────┼──────────────────────────────────────┤
//   │RPLOAD1\0│ 4 × width,     │ pixels of page, glyphs, film, grain, │
//   │        │ height, int32  │ a uint32 each                        │
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>

#include "bench/capacity/app/assets.h"
#include "engine/base/unique_fd.h"

namespace rp {
namespace {

constexpr std::array<char, 8> kMagic = {'R', 'P', 'L', 'O', 'A', 'D', '1', '\0'};
constexpr std::int32_t kMaxSide = 1 << 16;

struct Header {
  std::array<char, 8> magic;
  std::array<std::array<std::int32_t, 2>, 4> sizes;
};
static_assert(sizeof(Header) == 40);

}  // namespace

Status LoadAssets::write(const std::string& path) const {
  const std::array<const LoadBitmap*, 4> bitmaps = {&page, &glyphs, &film, &grain};
  Header header{kMagic, {}};
  for (std::size_t i = 0; i < bitmaps.size(); ++i)
    header.sizes[i] = {bitmaps[i]->size.width, bitmaps[i]->size.height};
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&header), sizeof header);
  for (const LoadBitmap* bitmap : bitmaps)
    file.write(reinterpret_cast<const char*>(bitmap->pixels.data()),
               static_cast<std::streamsize>(bitmap->pixels.size_bytes()));
  file.close();
  if (!file) return fail_errno("write " + path);
  return {};
}

Result<LoadAssets> LoadAssets::map(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("open " + path);
  struct stat info = {};
  if (::fstat(fd.get(), &info) != 0) return fail_errno("look at " + path);
  const auto bytes = static_cast<std::size_t>(info.st_size);
  const auto broken = [&path] { return fail(ErrorCode::kInvalid, path + " holds no assets"); };
  if (bytes < sizeof(Header)) return broken();
  void* const at = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (at == MAP_FAILED) return fail_errno("map " + path);
  LoadAssets assets;
  assets.memory = std::shared_ptr<const void>(
      at, [bytes](const void* p) { ::munmap(const_cast<void*>(p), bytes); });
  Header header{};
  std::memcpy(&header, at, sizeof header);
  if (header.magic != kMagic) return broken();
  const auto* pixels =
      reinterpret_cast<const std::uint32_t*>(static_cast<const char*>(at) + sizeof header);
  std::size_t left = (bytes - sizeof header) / sizeof(std::uint32_t);
  std::array<LoadBitmap*, 4> bitmaps = {&assets.page, &assets.glyphs, &assets.film, &assets.grain};
  for (std::size_t i = 0; i < bitmaps.size(); ++i) {
    const auto [width, height] = header.sizes[i];
    if (width <= 0 || height <= 0 || width > kMaxSide || height > kMaxSide) return broken();
    const std::size_t count = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    if (count > left) return broken();
    *bitmaps[i] = {{width, height}, {pixels, count}};
    pixels += count;
    left -= count;
  }
  return assets;
}

}  // namespace rp
