#include "tests/lab/chain/judge.h"

#include <algorithm>
#include <cstdlib>

#include "engine/compose/pixel_format.h"
#include "engine/encode/encoder.h"
#include "tests/contract/encoder/content.h"
#include "tests/support/app/numbered.h"

namespace rp {

Judge::Judge(Size size, bool multiplanar)
    : size_(size),
      multiplanar_(multiplanar),
      pool_(PicturePool::create(size, 1).value()),
      original_(pool_->acquire()),
      pixels_(static_cast<std::size_t>(area_of(Rect{0, 0, size.width, size.height}))) {}

Judge::~Judge() = default;

void Judge::look(const wire::Video& video, std::span<const std::uint8_t> unit) {
  const bool is_fwht = video.codec == static_cast<std::uint8_t>(Codec::kFwht);
  if (const Status status = is_fwht ? look_at_fwht(unit) : look_at_h264(unit); !status) {
    complaints_.push_back("picture " + std::to_string(video.sequence) + ": " +
                          status.error().message());
  }
}

Status Judge::look_at_fwht(std::span<const std::uint8_t> unit) {
  if (fwht_ == nullptr) {
    RP_ASSIGN(fwht_, FwhtDecoder::create(size_, multiplanar_));
  }
  RP_ASSIGN(const DecodedFrame frame, fwht_->decode(unit));
  const auto stride = static_cast<int>(frame.stride);
  return compare({frame.bytes.data(), stride, frame.uv(), stride},
                 verdicts_[static_cast<int>(Codec::kFwht)]);
}

Status Judge::look_at_h264(std::span<const std::uint8_t> unit) {
  RP_ASSIGN(const DecodedPicture picture, h264_.decode(unit));
  return compare({picture.y.data(), picture.size.width}, verdicts_[static_cast<int>(Codec::kH264)]);
}

void Judge::draw_original(std::uint16_t number) {
  testapp::draw_numbered(size_.width, size_.height, number, pixels_);
  Picture& p = *original_;
  find_pixel_format(fourcc('X', 'R', '2', '4'))
      ->to_i420(reinterpret_cast<const std::uint8_t*>(pixels_.data()), size_.width * 4, p.y,
                p.stride_y, p.u, p.stride_uv, p.v, p.stride_uv, size_.width, size_.height);
}

Status Judge::compare(const Planes& seen, Verdict& verdict) {
  const auto number = testapp::read_number(seen.y, seen.stride_y);
  if (!number) return fail(ErrorCode::kInvalid, "its number cannot be read");
  draw_original(*number);
  ++verdict.pictures;
  verdict.numbers.push_back(*number);
  verdict.worst_psnr_db =
      std::min(verdict.worst_psnr_db, luma_psnr_db(*original_, seen.y, seen.stride_y));
  if (seen.uv == nullptr) return {};
  double sum = 0;
  for (int y = 0; y < size_.height / 2; ++y) {
    const std::uint8_t* row = seen.uv + static_cast<std::ptrdiff_t>(y) * seen.stride_uv;
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(y) * original_->stride_uv;
    for (int x = 0; x < size_.width / 2; ++x) {
      sum += std::abs(row[2 * x] - original_->u[at + x]) +
             std::abs(row[2 * x + 1] - original_->v[at + x]);
    }
  }
  const double error = sum / (size_.width / 2 * (size_.height / 2) * 2);
  verdict.worst_chroma_error = std::max(verdict.worst_chroma_error, error);
  return {};
}

}  // namespace rp
