#include "tests/contract/encoder/rig.h"

#include <span>

namespace rp {
namespace {

constexpr int kPictures = 4;
constexpr Duration kPatience{20'000'000};

}  // namespace

EncoderRig::EncoderRig() : loop(EventLoop::create(clock).value()) {
  thread = EncodeThread::create(*loop).value();
}

EncoderRig::~EncoderRig() { encoder.reset(); }

void EncoderRig::open(const EncoderDriver& driver, const EncoderSettings& settings) {
  encoder.reset();
  driver_ = driver;
  lender =
      std::make_unique<EncoderPool>(*thread, EncoderPoolOptions{.drivers = std::span(&driver_, 1)});
  reopen(settings);
}

void EncoderRig::reopen(const EncoderSettings& settings) {
  encoder.reset();
  pool = PicturePool::create(settings.size, kPictures).value();
  encoder =
      lender
          ->lend(settings, [this](Result<AccessUnit> unit) { outcomes.push_back(std::move(unit)); })
          .value();
}

EncodeRequest EncoderRig::request(const std::function<void(Picture&)>& draw) {
  EncodeRequest request;
  request.picture = pool->acquire();
  RP_CHECK(static_cast<bool>(request.picture));
  draw(*request.picture);
  request.stamps.sequence = next_sequence++;
  request.stamps.committed = clock.now();
  request.stamps.input_sequence = request.stamps.sequence + 7;
  return request;
}

Result<AccessUnit> EncoderRig::encode(const std::function<void(Picture&)>& draw, bool force_key,
                                      Rect shown) {
  EncodeRequest r = request(draw);
  r.force_key = force_key;
  r.shown = shown;
  RP_TRY(encoder->submit(r));
  if (!wait([&] { return !outcomes.empty(); })) return fail(ErrorCode::kTimeout, "encode");
  Result<AccessUnit> outcome = std::move(outcomes.front());
  outcomes.erase(outcomes.begin());
  return outcome;
}

bool EncoderRig::wait(const std::function<bool()>& done) {
  const TimePoint deadline = clock.now() + kPatience;
  while (!done()) {
    if (clock.now() > deadline) return false;
    loop->run_once(Duration(100'000));
  }
  return true;
}

}  // namespace rp
