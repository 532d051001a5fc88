#include "tests/contract/encoder/rig.h"

#include <span>
#include <stdexcept>

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
  auto lent = lender->lend(
      settings, [this](Result<AccessUnit> unit) { outcomes.push_back(std::move(unit)); });
  if (!lent) throw std::runtime_error(lent.error().message());  // fails the test with the reason
  encoder = std::move(*lent);
  const Region all({0, 0, settings.size.width, settings.size.height});
  PictureAllocator& memory = plain_pictures ? plain_memory() : encoder->picture_memory();
  pool = PicturePool::create(settings.size, kPictures, all, memory).value();
}

EncodeRequest EncoderRig::request(const std::function<void(Picture&)>& draw) {
  EncodeRequest request;
  request.picture = pool->acquire();
  RP_CHECK(static_cast<bool>(request.picture));
  RP_CHECK(map_for_cpu(*request.picture));  // the test draws on the CPU
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
