#include "engine/compose/pixel_format.h"

#include <algorithm>
#include <array>

#include <libyuv/convert.h>
#include <libyuv/convert_argb.h>

namespace rp {
namespace {

constexpr std::array kFormats = {
    PixelFormat{fourcc('X', 'R', '2', '4'), 4, false, nullptr, libyuv::ARGBToI420},
    PixelFormat{fourcc('A', 'R', '2', '4'), 4, true, nullptr, libyuv::ARGBToI420},
    PixelFormat{fourcc('X', 'B', '2', '4'), 4, false, libyuv::ABGRToARGB, libyuv::ABGRToI420},
    PixelFormat{fourcc('A', 'B', '2', '4'), 4, true, libyuv::ABGRToARGB, libyuv::ABGRToI420},
    PixelFormat{fourcc('R', 'G', '1', '6'), 2, false, libyuv::RGB565ToARGB, libyuv::RGB565ToI420},
    PixelFormat{fourcc('X', 'R', '3', '0'), 4, false, libyuv::AR30ToARGB, nullptr},
    PixelFormat{fourcc('X', 'B', '3', '0'), 4, false, libyuv::AB30ToARGB, nullptr},
    PixelFormat{fourcc('N', 'V', '1', '2'), 1, false, nullptr, nullptr, Chroma::kPairsUv},
    PixelFormat{fourcc('N', 'V', '2', '1'), 1, false, nullptr, nullptr, Chroma::kPairsVu},
    PixelFormat{fourcc('Y', 'U', '1', '2'), 1, false, nullptr, nullptr, Chroma::kPlanesUv},
    PixelFormat{fourcc('Y', 'V', '1', '2'), 1, false, nullptr, nullptr, Chroma::kPlanesVu},
};

}  // namespace

const PixelFormat* find_pixel_format(FourCc code) {
  const auto* found = std::ranges::find(kFormats, code, &PixelFormat::code);
  return found == kFormats.end() ? nullptr : found;
}

}  // namespace rp
