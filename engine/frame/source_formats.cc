#include "engine/frame/source_formats.h"

#include "engine/frame/pixel_layout.h"

namespace rp {

const SourceFormat* SourceFormats::find(FourCc code, std::uint64_t modifier) const {
  for (const SourceTranche& tranche : tranches) {
    for (const SourceFormat& format : tranche.formats) {
      if (format.code == code && format.modifier == modifier) return &format;
    }
  }
  return nullptr;
}

SourceTranche linear_tranche(Implicit implicit) {
  SourceTranche tranche;
  for (const PixelLayout& layout : pixel_layouts()) {
    tranche.formats.push_back({layout.code, kModifierLinear, layout.plane_count});
    if (implicit == Implicit::kIsLinear) {
      tranche.formats.push_back({layout.code, kModifierInvalid, layout.plane_count});
    }
  }
  return tranche;
}

const SharedSourceFormats& linear_source_formats() {
  static const SharedSourceFormats formats = [] {
    auto made = std::make_shared<SourceFormats>();
    made->tranches.push_back(linear_tranche(Implicit::kIsLinear));
    return made;
  }();
  return formats;
}

}  // namespace rp
