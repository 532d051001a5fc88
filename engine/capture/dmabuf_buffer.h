// DmabufBuffer: a dma-buf as a FrameBuffer, all its planes in the one memory, mapped for reading
// when first asked for. Thread rule: the display's loop.
#pragma once

#include <array>

#include "engine/base/unique_fd.h"
#include "engine/capture/client_buffer.h"
#include "engine/capture/client_record.h"
#include "engine/frame/cpu_access.h"

namespace rp {

struct DmabufLayout {
  Size size;
  FourCc format{};
  std::uint64_t modifier = kModifierLinear;
  int plane_count = 1;
  struct Place {
    std::uint32_t offset_bytes = 0;
    std::uint32_t stride_bytes = 0;
  };
  std::array<Place, 4> planes;
};

class DmabufBuffer final : public ClientBuffer {
 public:
  // True when memory mapped from `fd` cannot go away under a reader: a dma-buf, or shared memory
  // sealed against shrinking. Anything else could raise SIGBUS in the engine.
  [[nodiscard]] static bool cannot_shrink(int fd);

  DmabufBuffer(Compositor& compositor, const DmabufLayout& layout, UniqueFd fd);
  // The descriptor has been counted in `record`; it is given back when the wl_buffer goes.
  void count_in(ClientRecord& record) { record_ = &record; }
  static void tie_to(const std::shared_ptr<DmabufBuffer>& buffer, wl_resource* resource) {
    tie(buffer, resource);
  }

  [[nodiscard]] int acquire_fence() const override { return fence_.get(); }
  const std::uint8_t* begin_cpu_read() override;
  bool end_cpu_read() override;
  void on_commit() override;
  [[nodiscard]] bool takes_fences() const override { return true; }
  void set_acquire_fence(UniqueFd fence) override;

 private:
  void on_resource_destroyed() override;
  void sync(std::uint64_t flags) const;
  [[nodiscard]] bool wait_until_drawn();

  UniqueFd fd_;
  UniqueFd fence_;
  bool late_ = false;               // waited for in vain since it was committed
  ClientRecord* record_ = nullptr;  // until the wl_buffer goes
  PixelMapping map_;
  std::size_t map_bytes_ = 0;  // 0 in an order of a device's own, which no CPU reads
};

}  // namespace rp
