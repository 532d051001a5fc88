#include "engine/frame/picture.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "engine/base/limits.h"

namespace rp {

Status wait_until_written(Picture& picture, Duration limit) {
  if (!picture.ready) return {};
  pollfd fence{picture.ready.get(), POLLIN, 0};
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    const int ready = ::poll(&fence, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) break;
    if (ready == 0) return fail(ErrorCode::kTimeout, "a device does not finish a picture");
    if (errno != EINTR) return fail_errno("wait for a picture");
  }
  picture.ready.reset();
  return {};
}

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

Result<std::shared_ptr<PicturePool>> PicturePool::create(Size size, int count, const Region& stale,
                                                         PictureAllocator& memory) {
  const auto outside = [](std::int32_t side) {
    return side < limits::kMinOutputSide_px || side > limits::kMaxOutputSide_px;
  };
  if (outside(size.width) || outside(size.height) || count < 1) {
    return fail(ErrorCode::kInvalid, "picture size is outside 64..4096");
  }
  const Size coded = even(size);
  std::shared_ptr<PicturePool> pool(new PicturePool(size));
  RP_ASSIGN(pool->memory_, memory.allocate(coded, count));
  for (const PicturePlanes& planes : pool->memory_->pictures()) {
    Slot slot;
    static_cast<PicturePlanes&>(slot.picture) = planes;
    slot.picture.size = size;
    slot.picture.coded = coded;
    slot.picture.stale = stale;
    pool->slots_.push_back(std::move(slot));
  }
  return pool;
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
