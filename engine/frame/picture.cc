#include "engine/frame/picture.h"

#include <sys/mman.h>

#include <utility>

#include "engine/base/limits.h"

namespace rp {
namespace {

constexpr std::int32_t kStrideAlign_bytes = 64;

constexpr std::int32_t round_up(std::int32_t value, std::int32_t to) {
  return (value + to - 1) / to * to;
}

}  // namespace

PictureRef::PictureRef(PictureRef&& other) noexcept
    : pool_(std::move(other.pool_)), picture_(std::exchange(other.picture_, nullptr)) {}

PictureRef& PictureRef::operator=(PictureRef&& other) noexcept {
  if (this != &other) {
    reset();
    pool_ = std::move(other.pool_);
    picture_ = std::exchange(other.picture_, nullptr);
  }
  return *this;
}

void PictureRef::reset() {
  if (picture_ != nullptr) pool_->give_back(std::exchange(picture_, nullptr));
  pool_.reset();
}

Result<std::shared_ptr<PicturePool>> PicturePool::create(Size size, int count,
                                                         const Region& stale) {
  const auto outside = [](std::int32_t side) {
    return side < limits::kMinOutputSide_px || side > limits::kMaxOutputSide_px;
  };
  if (outside(size.width) || outside(size.height) || count < 1) {
    return fail(ErrorCode::kInvalid, "picture size is outside 64..4096");
  }
  const Size coded{round_up(size.width, 2), round_up(size.height, 2)};
  const std::int32_t stride_y = round_up(coded.width, kStrideAlign_bytes);
  const std::int32_t stride_uv = round_up(coded.width / 2, kStrideAlign_bytes);
  const auto y_bytes = static_cast<std::size_t>(stride_y) * static_cast<std::size_t>(coded.height);
  const auto uv_bytes =
      static_cast<std::size_t>(stride_uv) * static_cast<std::size_t>(coded.height / 2);
  const std::size_t picture_bytes = y_bytes + 2 * uv_bytes;

  std::shared_ptr<PicturePool> pool(new PicturePool(size));
  pool->memory_bytes_ = picture_bytes * static_cast<std::size_t>(count);
  void* memory = ::mmap(nullptr, pool->memory_bytes_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return fail_errno("allocate pictures");
  pool->memory_ = memory;
  auto* next = static_cast<std::uint8_t*>(memory);
  for (int i = 0; i < count; ++i) {
    Slot slot;
    slot.picture = {
        size, coded, stride_y, stride_uv, next, next + y_bytes, next + y_bytes + uv_bytes, stale};
    next += picture_bytes;
    pool->slots_.push_back(std::move(slot));
  }
  return pool;
}

PicturePool::~PicturePool() {
  if (memory_ != nullptr) ::munmap(memory_, memory_bytes_);
}

void PicturePool::add_damage(const Region& damage) {
  for (Slot& slot : slots_) (slot.in_use ? slot.pending : slot.picture.stale).add(damage);
}

PictureRef PicturePool::acquire() {
  Slot* best = nullptr;
  for (Slot& slot : slots_) {
    if (slot.in_use) continue;
    if (best == nullptr || slot.picture.stale.area() < best->picture.stale.area()) best = &slot;
  }
  PictureRef ref;
  if (best == nullptr) return ref;
  best->in_use = true;
  ref.pool_ = shared_from_this();
  ref.picture_ = &best->picture;
  return ref;
}

void PicturePool::give_back(Picture* picture) {
  for (Slot& slot : slots_) {
    if (&slot.picture != picture) continue;
    slot.picture.stale.add(slot.pending);
    slot.pending.clear();
    slot.in_use = false;
    return;
  }
  RP_CHECK(false);
}

}  // namespace rp
