// TestClient: a Wayland client made of libwayland-client, in the same thread as the display it
// talks to: roundtrip() turns the server's loop and its own until an answer is there. DisplayTest:
// a display with a listener that remembers. For the tests of this folder.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <wayland-client-core.h>
#include <wayland-client-protocol.h>

#include "engine/base/clock.h"
#include "engine/base/event_loop.h"
#include "engine/capture/wayland_display.h"

namespace rp::testing {

struct RecordingListener final : DisplayListener {
  void on_frame_wanted() override { ++frames_wanted; }
  void on_cursor(const CursorImage&) override {}
  void on_clipboard(std::string_view) override {}
  void on_text_input(const TextInputState&) override {}
  int frames_wanted = 0;
};

class TestClient {
 public:
  TestClient(EventLoop& loop, UniqueFd socket);
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;
  ~TestClient();

  // True when the server answered everything sent so far; false when the connection ended.
  bool roundtrip();
  // Sends what is queued and lets the server read it, without waiting for an answer.
  void send();
  // Sends and receives until the server has nothing more to say.
  void settle();

  template <typename T>
  T* bind(const wl_interface& interface, std::uint32_t version) {
    const auto found = globals_.find(interface.name);
    if (found == globals_.end()) return nullptr;
    return static_cast<T*>(wl_registry_bind(registry_, found->second.name, &interface, version));
  }
  [[nodiscard]] std::uint32_t version_of(const std::string& global) const {
    const auto found = globals_.find(global);
    return found == globals_.end() ? 0 : found->second.version;
  }

  struct ProtocolError {
    std::string interface;
    std::uint32_t code = 0;
    bool happened = false;
  };
  [[nodiscard]] ProtocolError error() const;
  [[nodiscard]] wl_display* display() const { return display_; }

 private:
  struct Global {
    std::uint32_t name;
    std::uint32_t version;
  };
  void pump();

  EventLoop& loop_;
  wl_display* display_;
  wl_registry* registry_;
  std::map<std::string, Global> globals_;
};

// A buffer in shared memory, filled with one pixel value.
class ShmBuffer {
 public:
  ShmBuffer(wl_shm* shm, Size size, std::uint32_t pixel,
            std::uint32_t format = WL_SHM_FORMAT_XRGB8888);
  ShmBuffer(const ShmBuffer&) = delete;
  ShmBuffer& operator=(const ShmBuffer&) = delete;
  ~ShmBuffer();

  [[nodiscard]] wl_buffer* get() const { return buffer_; }
  [[nodiscard]] int releases() const { return releases_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  void destroy();

 private:
  UniqueFd fd_;
  wl_buffer* buffer_;
  int releases_ = 0;
};

class DisplayTest : public ::testing::Test {
 protected:
  void start(OutputMode mode = {}, WindowPolicy policy = WindowPolicy::kPhone,
             DisplayOptions options = {});
  std::unique_ptr<TestClient> connect();
  // The first pixel of a layer.
  static std::uint32_t pixel_of(const Layer& layer);

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_;
  RecordingListener listener_;
  std::unique_ptr<WaylandDisplay> display_;
};

}  // namespace rp::testing
