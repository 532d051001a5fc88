#include "drivers/fake/encoder/encoder.h"

#include <algorithm>
#include <array>

#include "engine/encode/settings.h"
#include "engine/frame/cpu_access.h"

namespace rp {
namespace {

constexpr std::array<std::uint8_t, 4> kMagic = {'R', 'P', 'F', 'E'};
constexpr std::size_t kBytes = 24;

void put(std::vector<std::uint8_t>& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::uint32_t get(std::span<const std::uint8_t> in, std::size_t at, int bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) {
    value |= static_cast<std::uint32_t>(in[at + static_cast<std::size_t>(i)]) << (8 * i);
  }
  return value;
}

void add_plane(std::uint32_t& sum, const std::uint8_t* plane, int stride, int width, int height) {
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* row = plane + static_cast<std::ptrdiff_t>(y) * stride;
    for (int x = 0; x < width; ++x) sum = (sum ^ row[x]) * 16777619U;
  }
}

}  // namespace

std::uint32_t picture_checksum(const Picture& p) {
  std::uint32_t sum = 2166136261U;
  add_plane(sum, p.y, p.stride_y, p.coded.width, p.coded.height);
  add_plane(sum, p.u, p.stride_uv, p.coded.width / 2, p.coded.height / 2);
  add_plane(sum, p.v, p.stride_uv, p.coded.width / 2, p.coded.height / 2);
  return sum;
}

Result<FakeAccessUnit> parse_fake_access_unit(std::span<const std::uint8_t> in) {
  if (in.size() != kBytes || !std::equal(kMagic.begin(), kMagic.end(), in.begin())) {
    return fail(ErrorCode::kInvalid, "not the fake encoder's access unit");
  }
  FakeAccessUnit unit;
  unit.sequence = get(in, 4, 4);
  unit.picture = get(in, 8, 4);
  unit.size = {static_cast<std::int32_t>(get(in, 12, 2)),
               static_cast<std::int32_t>(get(in, 14, 2))};
  unit.key = in[16] != 0;
  unit.checksum = get(in, 20, 4);
  return unit;
}

void FakeEncoderControl::hold() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

void FakeEncoderControl::let_go() {
  const std::lock_guard lock(mutex_);
  held_ = false;
  changed_.notify_all();
}

void FakeEncoderControl::fail_next() {
  const std::lock_guard lock(mutex_);
  ++failures_;
}

EncoderRate FakeEncoderControl::rate() const {
  const std::lock_guard lock(mutex_);
  return rate_;
}

class FakeEncoder final : public BlockingEncoder {
 public:
  FakeEncoder(const EncoderSettings& s, std::shared_ptr<FakeEncoderControl> control)
      : control_(std::move(control)) {
    const std::lock_guard lock(control_->mutex_);
    control_->rate_ = {s.bitrate_kbps, s.framerate};
  }

  [[nodiscard]] Status encode(const Picture& picture, bool force_key, AccessUnit& out) override {
    {
      std::unique_lock lock(control_->mutex_);
      control_->changed_.wait(lock, [this] { return !control_->held_; });
      if (control_->failures_ > 0) {
        --control_->failures_;
        return fail(ErrorCode::kInternal, "fake encode: told to fail");
      }
    }
    out.key = force_key || pictures_ == 0;
    out.bytes.insert(out.bytes.end(), kMagic.begin(), kMagic.end());
    put(out.bytes, out.stamps.sequence, 4);
    put(out.bytes, pictures_++, 4);
    put(out.bytes, static_cast<std::uint32_t>(picture.size.width), 2);
    put(out.bytes, static_cast<std::uint32_t>(picture.size.height), 2);
    put(out.bytes, out.key ? 1 : 0, 4);
    count_cpu_pixels(CpuPlace::kEncode, picture_bytes(picture.coded));
    put(out.bytes, picture_checksum(picture), 4);
    return {};
  }

  [[nodiscard]] Status set_rate(EncoderRate rate) override {
    const std::lock_guard lock(control_->mutex_);
    control_->rate_ = bounded(rate, control_->rate_);
    return {};
  }

 private:
  std::shared_ptr<FakeEncoderControl> control_;
  std::uint32_t pictures_ = 0;
};

Result<std::unique_ptr<BlockingEncoder>> create_fake_encoder(
    const EncoderSettings& settings, std::shared_ptr<FakeEncoderControl> control) {
  RP_TRY(check_settings(settings));
  if (control == nullptr) control = std::make_shared<FakeEncoderControl>();
  return std::make_unique<FakeEncoder>(settings, std::move(control));
}

EncoderDriver fake_encoder_driver() {
  return {"fake", check_settings,
          [](const EncoderSettings& settings) { return create_fake_encoder(settings, nullptr); }};
}

}  // namespace rp
