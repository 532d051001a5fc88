#include "drivers/avcodec/driver.h"

#include <utility>

#include "drivers/avcodec/device.h"
#include "drivers/avcodec/heap_pictures.h"
#include "drivers/avcodec/worker_encoder.h"

namespace rp {
namespace {

Result<std::unique_ptr<Encoder>> create_on(avcodec::Device& device, PictureAllocator& memory,
                                           EventLoop& loop, const EncoderSettings& settings,
                                           Encoder::Completion completion) {
  RP_TRY(device.match(settings));
  return avcodec::WorkerEncoder::create(
      {.loop = loop,
       .name = device.kind().name,
       .memory = memory,
       .on_device = device.kind().imports,
       .open = [&device, settings] { return device.open(settings); },
       .given_up =
           [&device, settings](const Error& why) {
             device.refuse(settings, why, std::chrono::steady_clock::now());
           }},
      settings, std::move(completion));
}

}  // namespace

Status match_vaapi(const EncoderSettings& settings) { return avcodec::vaapi().match(settings); }

Status match_nvenc(const EncoderSettings& settings) { return avcodec::nvenc().match(settings); }

Result<std::unique_ptr<Encoder>> create_vaapi_encoder(EventLoop& loop,
                                                      const EncoderSettings& settings,
                                                      Encoder::Completion completion) {
  static avcodec::HeapPictures memory;
  return create_on(avcodec::vaapi(), memory, loop, settings, std::move(completion));
}

Result<std::unique_ptr<Encoder>> create_nvenc_encoder(EventLoop& loop,
                                                      const EncoderSettings& settings,
                                                      Encoder::Completion completion) {
  return create_on(avcodec::nvenc(), plain_memory(), loop, settings, std::move(completion));
}

}  // namespace rp
