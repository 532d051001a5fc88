// SourceFormats: which of guests' buffers a composer takes, best first. The display advertises it
// (linux-dmabuf's feedback), so that guests allocate what is drawn without a copy. Thread rule:
// plain values; once published they do not change, and a new set has a new address.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/frame/frame.h"

namespace rp {

struct SourceFormat {
  FourCc code{};
  std::uint64_t modifier = kModifierLinear;
  int plane_count = 1;  // planes of memory: a modifier may add some to the format's own
  friend bool operator==(const SourceFormat&, const SourceFormat&) = default;
};

// What is best allocated on one device.
struct SourceTranche {
  std::uint64_t device = 0;  // dev_t of its node, 0: any, it is mapped
  std::vector<SourceFormat> formats;
};

struct SourceFormats {
  std::uint64_t main_device = 0;  // dev_t of the node to draw with; 0: none draws here
  bool imports = false;           // dma-bufs are read where they lie, not copied
  std::vector<SourceTranche> tranches;

  [[nodiscard]] const SourceFormat* find(FourCc code, std::uint64_t modifier) const;
};

// Shared: the composer's and its phones' displays', which keep it until they have told their guests
// of the next one.
using SharedSourceFormats = std::shared_ptr<const SourceFormats>;

enum class Implicit : std::uint8_t {
  kIsLinear,  // a buffer without a named modifier is linear: no device here that tiles
  kIsRefused,
};
// What a CPU reads: every format of pixel_layout.h, rows one after the other.
[[nodiscard]] SourceTranche linear_tranche(Implicit implicit);
// That, as the whole set, with kIsLinear.
[[nodiscard]] const SharedSourceFormats& linear_source_formats();

}  // namespace rp
