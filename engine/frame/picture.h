// Picture: one composed image in YUV 4:2:0, the thing encoders read. PicturePool: the few pictures
// of one phone, allocated once per size and reused; knows for each what has changed since it was
// last written, so that the composer touches only stale pixels (the idea of EGL_EXT_buffer_age).
// Where the bytes lie and how: picture_memory.h.
//
// Colour: sRGB pixels through the BT.601 matrix, limited range (libyuv's fastest; the encoders' VUI
// says so: primaries 1, transfer 13, matrix 6). The padding of an odd size repeats the last column
// and row. Thread rule: the pool belongs to the shard. A PictureRef may travel to an encoder's
// thread and must be dropped on the shard (completion rings carry it back).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/frame/cpu_access.h"
#include "engine/frame/geometry.h"
#include "engine/frame/picture_memory.h"

namespace rp {

struct Picture : PicturePlanes {
  Size size;     // what is shown
  Size coded;    // size rounded up to even
  Region stale;  // pixels not yet equal to the newest scene; the composer clears it
  // Readable (a sync_file) when a device has written the picture; empty: it is written already.
  UniqueFd ready;
  std::unique_ptr<DeviceImport> import;  // of the composer's device
  PixelMapping mapping;                  // by map_for_cpu()
};

// Returns when a device has written the picture, at once where none writes it. kTimeout. For
// threads that may block: the encode thread, tests.
[[nodiscard]] Status wait_until_written(Picture& picture, Duration limit);

class PicturePool;

// Sole use of one picture; gives it back to its pool when destroyed.
class PictureRef {
 public:
  PictureRef() = default;
  PictureRef(PictureRef&& other) noexcept;
  PictureRef& operator=(PictureRef&& other) noexcept;
  ~PictureRef() { reset(); }
  void reset();
  [[nodiscard]] explicit operator bool() const { return picture_ != nullptr; }
  [[nodiscard]] Picture& operator*() const { return *picture_; }
  [[nodiscard]] Picture* operator->() const { return picture_; }

 private:
  friend class PicturePool;
  std::shared_ptr<PicturePool> pool_;  // shared: pictures in flight outlive a resize of the session
  Picture* picture_ = nullptr;
};

class PicturePool : public std::enable_shared_from_this<PicturePool> {
 public:
  // `size` within limits::kMin/MaxOutputSide_px. `stale`: what of the new pictures has to be drawn;
  // the rest stays as it is, without meaning.
  [[nodiscard]] static Result<std::shared_ptr<PicturePool>> create(
      Size size, int count, const Region& stale, PictureAllocator& memory = plain_memory());
  [[nodiscard]] static Result<std::shared_ptr<PicturePool>> create(Size size, int count) {
    return create(size, count, Region({0, 0, size.width, size.height}));
  }
  PicturePool(const PicturePool&) = delete;
  PicturePool& operator=(const PicturePool&) = delete;

  [[nodiscard]] Size size() const { return size_; }
  // Marks output pixels as changed in every picture, in flight ones as well.
  void add_damage(const Region& damage);
  // The free picture with the least stale area; empty when all are in flight.
  [[nodiscard]] PictureRef acquire();

 private:
  friend class PictureRef;
  struct Slot {
    Picture picture;
    Region pending;  // damage since it was handed out
    bool in_use = false;
  };
  explicit PicturePool(Size size) : size_(size) {}
  void give_back(Picture* picture);

  Size size_;
  std::unique_ptr<PictureMemory> memory_;
  std::vector<Slot> slots_;
};

}  // namespace rp
