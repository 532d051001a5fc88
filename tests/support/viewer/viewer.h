// TestViewer: a viewer without a screen: connects over TLS, speaks the stream protocol,
// acknowledges every frame at once, sends scripted input, and keeps the times of what came. For
// tests and benchmarks. Thread rule: one loop.
#pragma once

#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/transport/sender.h"
#include "engine/wire/dispatch.h"

namespace rp::testview {

struct ViewerOptions {
  std::string address;  // "127.0.0.1:8443"
  std::string ticket;
  wire::Hello hello;
  std::string dump_path;  // every access unit is appended here; empty: none
};

// One VIDEO or TILES as it came. Times are CLOCK_MONOTONIC of this machine, which the engine's
// stamps share.
struct Arrival {
  wire::Frame frame;
  bool key = false;
  bool tiles = false;
  TimePoint received;
  std::size_t bytes = 0;
};

class TestViewer final : private SenderListener, private wire::ServerMessages {
 public:
  // Connects and upgrades; blocks at most 10 s. kDenied with the server's answer when it does not.
  [[nodiscard]] static Result<std::unique_ptr<TestViewer>> connect(EventLoop& loop,
                                                                   ViewerOptions options);
  TestViewer(const TestViewer&) = delete;
  TestViewer& operator=(const TestViewer&) = delete;
  ~TestViewer() override;

  // A finger down and up again at once; 0 to 1 across the display.
  void tap(double x, double y);
  // Line feeds become presses of Enter, everything else TEXT.
  void type(std::string_view text);
  void resize(wire::Resize shape);
  void close();

  [[nodiscard]] const std::vector<Arrival>& arrivals() const { return arrivals_; }
  [[nodiscard]] bool open() const { return end_reason_.empty(); }
  [[nodiscard]] const std::string& end_reason() const { return end_reason_; }
  [[nodiscard]] const std::string& clipboard() const { return clipboard_; }
  // Times from an input's sending to the first frame that answers it.
  [[nodiscard]] const std::vector<Duration>& input_to_frame() const { return input_to_frame_; }

  std::function<void(const Arrival&)> on_arrival;
  // Each access unit, before on_arrival hears of it.
  std::function<void(const wire::Video&, std::span<const std::uint8_t>)> on_unit;

 private:
  TestViewer(EventLoop& loop, ViewerOptions options);
  [[nodiscard]] Status open_connection();
  void on_message(std::span<const std::uint8_t> bytes) override;
  void on_ready_for_frame() override {}
  void on_payload_free(std::vector<std::uint8_t>) override {}
  void on_closed(const Error& why) override;
  void on_video(const wire::Video& video, std::span<const std::uint8_t> data) override;
  void on_tiles(const wire::Tiles& tiles, std::span<const std::uint8_t> operations) override;
  void arrived(Arrival arrival);
  void on_phone_clipboard(const wire::Clipboard& clipboard) override {
    clipboard_ = clipboard.text;
  }
  void ping();
  template <typename Message>
  void send(const Message& message);

  EventLoop& loop_;
  ViewerOptions options_;
  std::unique_ptr<Sender> sender_;
  EventLoop::Timer ping_timer_;
  std::ofstream dump_;
  std::vector<Arrival> arrivals_;
  std::vector<Duration> input_to_frame_;
  std::uint32_t next_input_ = 1;
  std::uint32_t awaited_input_ = 0;  // 0: none
  TimePoint awaited_since_{0};
  std::string clipboard_;
  std::string end_reason_;
};

}  // namespace rp::testview
