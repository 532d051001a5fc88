// rackphone-lab-viewer: a viewer that asks for FWHT too, decodes what comes and judges it
// (judge.h). Prints what it saw as JSON: by codec the pictures, the worst luma PSNR and chroma
// error, the numbers read. Options: --address, --ticket, --frames N, --seconds N, --size WxH,
// --tiles 1, --codec N (ends when that codec's pictures are N of --frames).
// Ends with 1 when the stream ends before that.
#include "tests/support/viewer/viewer.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "drivers/v4l2/device.h"
#include "drivers/v4l2/instance.h"
#include "tests/lab/chain/judge.h"

namespace rp::testview {
namespace {

using Options = std::map<std::string, std::string, std::less<>>;

std::string text(const Options& options, std::string_view name, const char* otherwise) {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : found->second;
}

int number(const Options& options, std::string_view name, int otherwise) {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : std::atoi(found->second.c_str());
}

bool is_multiplanar() {
  const auto device = v4l2::open_device("/dev/video0");
  if (!device) return false;
  const auto capability = v4l2::query_capability(**device);
  return capability && capability->multiplanar;
}

nlohmann::json report(const TestViewer& viewer, const Judge& judge) {
  nlohmann::json codecs = nlohmann::json::object();
  for (const auto& [codec, verdict] : judge.verdicts()) {
    codecs[std::to_string(codec)] = {{"pictures", verdict.pictures},
                                     {"worst_psnr_db", verdict.worst_psnr_db},
                                     {"worst_chroma_error", verdict.worst_chroma_error},
                                     {"numbers", verdict.numbers}};
  }
  int tiles = 0;
  int keys = 0;
  for (const Arrival& arrival : viewer.arrivals()) {
    tiles += arrival.tiles ? 1 : 0;
    keys += arrival.key ? 1 : 0;
  }
  return {{"frames", viewer.arrivals().size()},
          {"tiles", tiles},
          {"key_frames", keys},
          {"codecs", codecs},
          {"complaints", judge.complaints()}};
}

Status run(const Options& options) {
  SystemClock clock;
  RP_ASSIGN(const auto loop, EventLoop::create(clock));
  ViewerOptions view;
  view.address = text(options, "--address", "");
  view.ticket = text(options, "--ticket", "");
  Size size;
  if (std::sscanf(text(options, "--size", "640x480").c_str(), "%dx%d",  // NOLINT(cert-err34-c)
                  &size.width, &size.height) != 2) {
    return fail(ErrorCode::kInvalid, "--size is not WxH");
  }
  view.hello.width_px = static_cast<std::uint16_t>(size.width);
  view.hello.height_px = static_cast<std::uint16_t>(size.height);
  view.hello.codecs = wire::kCodecH264 | wire::kCodecFwht;
  if (options.contains("--tiles")) view.hello.features = wire::kFeatureLosslessTiles;
  view.hello.client = "rackphone-lab-viewer";
  Judge judge(size, is_multiplanar());
  RP_ASSIGN(const auto viewer, TestViewer::connect(*loop, std::move(view)));
  viewer->on_unit = [&](const wire::Video& video, std::span<const std::uint8_t> unit) {
    judge.look(video, unit);
  };
  const int frames = number(options, "--frames", 30);
  const int codec = number(options, "--codec", 0);
  const auto enough = [&] {
    if (codec == 0) return static_cast<int>(viewer->arrivals().size()) >= frames;
    const auto found = judge.verdicts().find(codec);
    return found != judge.verdicts().end() && found->second.pictures >= frames;
  };
  const TimePoint until = clock.now() + std::chrono::seconds(number(options, "--seconds", 60));
  while (viewer->open() && clock.now() < until && !enough()) {
    loop->run_once(std::chrono::milliseconds(50));
  }
  if (!viewer->open()) return fail(ErrorCode::kClosed, "the stream ended: " + viewer->end_reason());
  std::puts(report(*viewer, judge).dump().c_str());
  viewer->close();
  const TimePoint closing = clock.now() + std::chrono::seconds(2);
  while (viewer->open() && clock.now() < closing) loop->run_once(std::chrono::milliseconds(50));
  return {};
}

}  // namespace
}  // namespace rp::testview

int main(int argc, char** argv) {
  rp::testview::Options options;
  for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  if (const rp::Status status = rp::testview::run(options); !status) {
    std::fprintf(stderr, "rackphone-lab-viewer: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}
