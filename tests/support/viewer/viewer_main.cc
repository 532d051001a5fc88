// rackphone-test-viewer: a headless viewer as a program; prints what it saw as JSON. Options:
// --address, --ticket,
// --seconds N, --frames N (ends earlier, with that many), --skip-seconds N (not counted), --size
// WxH (device pixels), --scale N (device pixels a CSS pixel), --fps N, --dump FILE, --tap X,Y (0–1,
// a second after the first frame; --taps N repeats it), --type TEXT, --tiles 1 (take lossless
// tiles), --quality 0|1|2 (QUALITY's mode),
// --timeline FILE (a line for each picture: received_us,sent_us,committed_us,bytes,tiles,at_rest).
// Ends with 1 when the stream ends before its time.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "tests/support/viewer/viewer.h"

namespace rp::testview {
namespace {

using Options = std::map<std::string, std::string, std::less<>>;

double number(const Options& options, std::string_view name, double otherwise) {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : std::atof(found->second.c_str());
}

nlohmann::json percentiles(std::vector<double> values_ms) {
  std::ranges::sort(values_ms);
  const auto at = [&](double q) {
    if (values_ms.empty()) return 0.0;
    const auto index =
        static_cast<std::size_t>(q * static_cast<double>(values_ms.size() - 1) + 0.5);
    return std::round(values_ms[index] * 1000) / 1000;
  };
  return {{"p50", at(0.5)}, {"p95", at(0.95)}, {"p99", at(0.99)}, {"max", at(1)}};
}

nlohmann::json report(const TestViewer& viewer, TimePoint from, TimePoint to) {
  std::vector<double> age;
  std::vector<double> wire;
  std::vector<double> interval;
  std::size_t bytes = 0;
  int keys = 0;
  int tiles = 0;
  TimePoint last{0};
  for (const Arrival& a : viewer.arrivals()) {
    if (a.received < from) continue;
    age.push_back(
        static_cast<double>(a.received.us - static_cast<std::int64_t>(a.frame.capture_time_us)) /
        1e3);
    wire.push_back((a.frame.compose_us + a.frame.encode_us + a.frame.send_us) / 1e3);
    if (last.us != 0) interval.push_back(static_cast<double>((a.received - last).count()) / 1e3);
    last = a.received;
    bytes += a.bytes;
    keys += a.key ? 1 : 0;
    tiles += a.tiles ? 1 : 0;
  }
  std::vector<double> inputs;
  for (const Duration d : viewer.input_to_frame())
    inputs.push_back(static_cast<double>(d.count()) / 1e3);
  const double seconds = static_cast<double>((to - from).count()) / 1e6;
  return {{"frames", age.size()},
          {"seconds", seconds},
          {"fps", std::round(static_cast<double>(age.size()) / seconds * 100) / 100},
          {"bytes", bytes},
          {"key_frames", keys},
          {"tiles", tiles},
          {"commit_to_client_ms", percentiles(age)},
          {"capture_to_wire_ms", percentiles(wire)},
          {"frame_interval_ms", percentiles(interval)},
          {"input_to_frame_ms", percentiles(inputs)},
          {"inputs_answered", inputs.size()},
          {"clipboard", viewer.clipboard()}};
}

// Times are CLOCK_MONOTONIC, which Python's time.monotonic() shares.
Status write_timeline(const std::string& path, const TestViewer& viewer) {
  std::ofstream file(path, std::ios::trunc);
  for (const Arrival& a : viewer.arrivals()) {
    const wire::Frame& f = a.frame;
    const std::uint64_t sent_us =
        f.capture_time_us + f.capture_us + f.compose_us + f.encode_us + f.send_us;
    file << a.received.us << ',' << sent_us << ',' << f.capture_time_us << ',' << a.bytes << ','
         << (a.tiles ? 1 : 0) << ',' << (f.at_rest ? 1 : 0) << '\n';
  }
  file.close();
  if (!file) return fail_errno("write " + path);
  return {};
}

struct Script {
  double x = -1;
  double y = -1;
  int taps = 0;
  std::string text;
};

// A second after the first frame, then every 300 ms, so that each tap finds a still picture.
void play(EventLoop& loop, TestViewer& viewer, Script& script, EventLoop::Timer& timer) {
  if (!viewer.open() || viewer.arrivals().empty()) {
    timer.arm_after(std::chrono::milliseconds(50));
    return;
  }
  if (loop.clock().now() - viewer.arrivals().front().received < std::chrono::seconds(1)) {
    timer.arm_at(viewer.arrivals().front().received + std::chrono::seconds(1));
    return;
  }
  if (!script.text.empty()) viewer.type(std::exchange(script.text, {}));
  if (script.taps-- > 0) viewer.tap(script.x, script.y);
  if (script.taps > 0) timer.arm_after(std::chrono::milliseconds(300));
}

Status run(const Options& options) {
  SystemClock clock;
  RP_ASSIGN(const auto loop, EventLoop::create(clock));
  ViewerOptions view;
  view.address = options.contains("--address") ? options.find("--address")->second : "";
  view.ticket = options.contains("--ticket") ? options.find("--ticket")->second : "";
  view.dump_path = options.contains("--dump") ? options.find("--dump")->second : "";
  int width = 720;
  int height = 1280;
  if (const auto size = options.find("--size"); size != options.end()) {
    if (std::sscanf(size->second.c_str(), "%dx%d", &width, &height) != 2) {  // NOLINT(cert-err34-c)
      return fail(ErrorCode::kInvalid, "--size is not WxH");
    }
  }
  view.hello.width_px = static_cast<std::uint16_t>(width);
  view.hello.height_px = static_cast<std::uint16_t>(height);
  view.hello.scale_120 = static_cast<std::uint16_t>(120 * number(options, "--scale", 1));
  view.hello.max_fps = static_cast<std::uint8_t>(number(options, "--fps", 60));
  view.hello.features = wire::kFeatureClipboard;
  if (options.contains("--tiles")) view.hello.features |= wire::kFeatureLosslessTiles;
  view.hello.quality = static_cast<wire::QualityMode>(number(options, "--quality", 0));
  view.hello.client = "rackphone-test-viewer";
  RP_ASSIGN(const auto viewer, TestViewer::connect(*loop, std::move(view)));

  Script script;
  if (const auto tap = options.find("--tap"); tap != options.end()) {
    if (std::sscanf(tap->second.c_str(), "%lf,%lf", &script.x, &script.y) !=
        2) {  // NOLINT(cert-err34-c)
      return fail(ErrorCode::kInvalid, "--tap is not X,Y");
    }
    script.taps = static_cast<int>(number(options, "--taps", 1));
  }
  if (const auto text = options.find("--type"); text != options.end()) script.text = text->second;
  EventLoop::Timer script_timer = loop->timer([&] { play(*loop, *viewer, script, script_timer); });
  script_timer.arm_after(Duration(0));

  const auto seconds = [](double s) { return Duration(static_cast<std::int64_t>(s * 1e6)); };
  const TimePoint from = clock.now() + seconds(number(options, "--skip-seconds", 0));
  const TimePoint until = from + seconds(number(options, "--seconds", 5));
  const auto frames = static_cast<std::size_t>(number(options, "--frames", 0));
  while (viewer->open() && clock.now() < until &&
         (frames == 0 || viewer->arrivals().size() < frames)) {
    loop->run_once(std::chrono::milliseconds(50));
  }
  if (!viewer->open()) return fail(ErrorCode::kClosed, "the stream ended: " + viewer->end_reason());
  std::puts(report(*viewer, from, clock.now()).dump(2).c_str());
  if (const auto path = options.find("--timeline"); path != options.end()) {
    RP_TRY(write_timeline(path->second, *viewer));
  }
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
    std::fprintf(stderr, "rackphone-test-viewer: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}
