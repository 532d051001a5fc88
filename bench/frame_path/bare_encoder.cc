// bare_encoder NAME FRAMES FPS: the CPU time an encoder takes for the pictures of bench/frame_path,
// with nothing around it: the same page of text, scrolled by the same step, converted beforehand,
// the same settings as a session starts with. NAME: a driver of the engine's, or libx264 for the
// library as live streaming usually runs it. One picture every 1/FPS s, as a
// phone shows them; FPS 0 is a tight loop, whose caches stay warmer. Prints JSON.
#include <libyuv.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include <fmt/core.h>

#include "bench/frame_path/plain_x264.h"
#include "drivers/encoders.h"
#include "engine/encode/encoder.h"
#include "engine/frame/picture.h"
#include "tests/support/app/picture.h"

namespace rp {
namespace {

constexpr Size kSize{720, 1280};
constexpr int kScrollStep_px = 6;
constexpr int kWarmUpFrames = 120;  // the first second of a stream, until its quality has settled

double thread_cpu_ms() {
  timespec ts{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
  return static_cast<double>(ts.tv_sec) * 1e3 + static_cast<double>(ts.tv_nsec) / 1e6;
}

// Waits for the next of equally spaced points in time.
class Pace {
 public:
  explicit Pace(int fps) : step_ns_(fps > 0 ? 1'000'000'000L / fps : 0) {
    ::clock_gettime(CLOCK_MONOTONIC, &next_);
  }
  void wait() {
    if (step_ns_ == 0) return;
    next_.tv_nsec += step_ns_;
    next_.tv_sec += next_.tv_nsec / 1'000'000'000L;
    next_.tv_nsec %= 1'000'000'000L;
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next_, nullptr);
  }

 private:
  long step_ns_;
  timespec next_{};
};

Result<std::unique_ptr<BlockingEncoder>> open(std::string_view name,
                                              const EncoderSettings& settings) {
  if (name == "libx264") return create_plain_x264(settings);
  for (const EncoderDriver& driver : encoder_drivers()) {
    if (driver.name == name) return driver.create(settings);
  }
  return fail(ErrorCode::kNotFound, fmt::format("there is no encoder '{}'", name));
}

Status run(std::string_view name, int frames, int fps) {
  EncoderSettings settings;
  settings.size = kSize;
  RP_ASSIGN(const auto encoder, open(name, settings));
  RP_ASSIGN(const auto pool, PicturePool::create(kSize, 1));
  const PictureRef picture = pool->acquire();
  const testapp::Page page = testapp::text_page(kSize.width, 4 * kSize.height);
  std::vector<std::uint32_t> pixels(static_cast<std::size_t>(kSize.width) *
                                    static_cast<std::size_t>(kSize.height));
  AccessUnit unit;
  Pace pace(fps);
  double cpu_ms = 0;
  std::size_t bytes = 0;
  for (int i = 0; i < kWarmUpFrames + frames; ++i) {
    testapp::copy_rows(page, i * kScrollStep_px, kSize.height, pixels);
    libyuv::ARGBToI420(reinterpret_cast<const std::uint8_t*>(pixels.data()), kSize.width * 4,
                       picture->y, picture->stride_y, picture->u, picture->stride_uv, picture->v,
                       picture->stride_uv, kSize.width, kSize.height);
    pace.wait();
    unit.bytes.clear();
    const double before = thread_cpu_ms();
    RP_TRY(encoder->encode(*picture, i == 0, unit));
    if (i < kWarmUpFrames) continue;
    cpu_ms += thread_cpu_ms() - before;
    bytes += unit.bytes.size();
  }
  fmt::print(
      "{{\"encoder\": \"{}\", \"frames\": {}, \"cpu_ms_per_frame\": {:.4f}, \"bytes_per_frame\": "
      "{:.0f}}}\n",
      name, frames, cpu_ms / frames, static_cast<double>(bytes) / frames);
  return {};
}

}  // namespace
}  // namespace rp

int main(int argc, char** argv) {
  const int frames = argc == 4 ? std::atoi(argv[2]) : 0;
  const int fps = argc == 4 ? std::atoi(argv[3]) : -1;
  if (frames < 1 || frames > 100'000 || fps < 0 || fps > 1'000) {
    std::fputs("usage: bare_encoder libx264|x264|openh264 FRAMES FPS\n", stderr);
    return 2;
  }
  if (const rp::Status status = rp::run(argv[1], frames, fps); !status) {
    std::fprintf(stderr, "bare_encoder: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}
