// Frame: what one surface shows now, as a handle: the buffer's pixels (mapped memory, dma-buf
// descriptors, or one colour) and how they are laid out. Made by capture, read by compose.
// Scene: all of a phone's visible surfaces, back to front, placed on its output.
//
//   app ─ commit ─► capture ─► [Scene of Frames] ─► compose ─► Picture ─► encode ─► AccessUnit
//
// Thread rule: belongs to the phone's shard. A Frame is borrowed by the composer for one call.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/unique_fd.h"
#include "engine/frame/geometry.h"

namespace rp {

// FourCC of a pixel format as drm_fourcc.h defines it (DRM_FORMAT_XRGB8888 = 'XR24', …).
enum class FourCc : std::uint32_t {};

inline constexpr std::uint64_t kModifierLinear = 0;                    // DRM_FORMAT_MOD_LINEAR
inline constexpr std::uint64_t kModifierInvalid = 0x00FFFFFFFFFFFFFF;  // DRM_FORMAT_MOD_INVALID

struct Plane {
  int fd = -1;  // borrowed dma-buf; -1 for memory that is only mapped
  std::uint32_t offset_bytes = 0;
  std::uint32_t stride_bytes = 0;
};

// What a device has made of memory that is not its own (a guest's buffer, a picture), kept with it
// so that it goes when that memory goes. Whoever finds one of another device replaces it.
class DeviceImport {
 public:
  virtual ~DeviceImport() = default;
};

// The pixels of one buffer. Implementations: shm, dma-buf, single pixel (capture), memory (tests).
class FrameBuffer {
 public:
  virtual ~FrameBuffer() = default;

  [[nodiscard]] Size size() const { return size_; }
  [[nodiscard]] FourCc format() const { return format_; }
  [[nodiscard]] std::uint64_t modifier() const { return modifier_; }
  [[nodiscard]] int plane_count() const { return plane_count_; }
  [[nodiscard]] const Plane& plane(int i) const { return planes_[static_cast<std::size_t>(i)]; }
  // Readable when the pixels are ready (sync_file), or -1: ready now. Borrowed.
  [[nodiscard]] virtual int acquire_fence() const { return -1; }
  // The composer's device's, empty at first.
  [[nodiscard]] std::unique_ptr<DeviceImport>& device_import() { return device_import_; }

  // Maps the planes for reading between begin and end, which must pair and nest no other buffer.
  // Null when the memory cannot be mapped, as with modifiers other than LINEAR. Guest memory may
  // shrink at any time: a read past its end inside the pair yields zeros, and end_cpu_read() then
  // returns false (the guest is already being ended). The result is plane 0's first pixel, of
  // size().height rows of plane(0).stride_bytes; plane i lies plane(i).offset_bytes −
  // plane(0).offset_bytes from it, because all planes lie in one memory.
  [[nodiscard]] virtual const std::uint8_t* begin_cpu_read() = 0;
  virtual bool end_cpu_read() = 0;

 protected:
  Size size_;
  FourCc format_{};
  std::uint64_t modifier_ = kModifierLinear;
  int plane_count_ = 1;
  std::array<Plane, 4> planes_{};

 private:
  std::unique_ptr<DeviceImport> device_import_;
};

// One surface on the output. The composer draws, for every output pixel of `destination`, the pixel
// of `source` that falls there. `source` is in pixels of the upright buffer, which is the buffer
// mapped by transformed(…, buffer size, transform) of geometry.h.
struct Layer {
  std::shared_ptr<FrameBuffer> buffer;  // shared by the surface and the scene taken from it
  RectF source;      // of the upright buffer; whole buffer unless a viewport crops
  Rect destination;  // output pixels; may reach outside the output
  Transform transform = Transform::kNormal;
  Region opaque;  // output pixels known to cover what lies beneath
};

struct Scene {
  Size output;                // pixels; the encoded picture's size before padding to even
  std::vector<Layer> layers;  // back to front
  Region damage;              // output pixels that may differ from the scene taken before
  TimePoint committed;        // the earliest commit contained in `damage`
};

}  // namespace rp
