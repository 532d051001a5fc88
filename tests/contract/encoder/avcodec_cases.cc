#include "tests/contract/encoder/avcodec_cases.h"

#include <array>

#include "drivers/avcodec/codec.h"
#include "drivers/avcodec/worker_encoder.h"
#include "engine/encode/settings.h"
#include "tests/support/shared_pictures.h"

namespace rp {
namespace {

constexpr std::array kOptions = {avcodec::Option{"preset", "ultrafast"},
                                 avcodec::Option{"tune", "zerolatency"},
                                 avcodec::Option{"profile", "baseline"},
                                 // The devices' own rate control is not this one's.
                                 avcodec::Option{"crf", "16"}, avcodec::Option{"forced-idr", "1"}};
constexpr avcodec::CodecSpec kX264{"libx264", Codec::kH264, kOptions, true};
// As VA-API's: another rate costs a key frame.
constexpr avcodec::CodecSpec kReopened{"libx264", Codec::kH264, kOptions, false};

Status match(const EncoderSettings& settings) {
  RP_TRY(check_settings(settings));
  RP_ASSIGN(const avcodec::Library* lib, avcodec::library());
  if (lib->avcodec_find_encoder_by_name(kX264.name) != nullptr) return {};
  return fail(ErrorCode::kUnsupported, "libavcodec is built without libx264");
}

Result<std::unique_ptr<BlockingEncoder>> create(const EncoderSettings& settings) {
  RP_TRY(match(settings));
  const avcodec::Library& lib = *avcodec::library().value();
  return avcodec::create_codec(lib, kX264, settings,
                               avcodec::make_memory_input(lib, PictureLayout::kI420));
}

Result<std::unique_ptr<BlockingEncoder>> create_nv12(const EncoderSettings& settings) {
  const avcodec::Library& lib = *avcodec::library().value();
  return avcodec::create_codec(lib, kReopened, settings,
                               avcodec::make_memory_input(lib, PictureLayout::kNv12));
}

Result<std::unique_ptr<BlockingEncoder>> create_mapped(const EncoderSettings& settings) {
  const avcodec::Library& lib = *avcodec::library().value();
  const Size coded{(settings.size.width + 1) & ~1, (settings.size.height + 1) & ~1};
  RP_ASSIGN(auto input, avcodec::make_mapped_input(lib, coded));
  return avcodec::create_codec(lib, kX264, settings, std::move(input));
}

template <const char* kName, auto kOpen, PictureAllocator& (*kMemory)()>
Result<std::unique_ptr<Encoder>> create_on(EventLoop& loop, const EncoderSettings& settings,
                                           Encoder::Completion completion) {
  RP_TRY(match(settings));
  return avcodec::WorkerEncoder::create({.loop = loop,
                                         .name = kName,
                                         .memory = kMemory(),
                                         .open = [settings] { return kOpen(settings); },
                                         .given_up = {}},
                                        settings, std::move(completion));
}

PictureAllocator& shared_memory() {
  static SharedPictures memory;
  return memory;
}

constexpr char kWorker[] = "avcodec_worker";
constexpr char kPrime[] = "avcodec_prime";

}  // namespace

std::vector<EncoderCase> avcodec_cases() {
  const std::array<EncoderDriver, 3> drivers = {
      EncoderDriver{"avcodec", match, create},
      EncoderDriver{.name = kWorker,
                    .match = match,
                    .create_on = create_on<kWorker, create_nv12, plain_memory>},
      EncoderDriver{.name = kPrime,
                    .match = match,
                    .create_on = create_on<kPrime, create_mapped, shared_memory>}};
  std::vector<EncoderCase> all;
  for (const EncoderDriver& driver : drivers) {
    if (driver.match({.size = {320, 240}})) all.push_back({driver});
  }
  return all;
}

}  // namespace rp
