// BufferTest: a display with a client that has a window, to show buffers in. For the tests of this
// folder.
#pragma once

#include <memory>

#include "tests/unit/engine/capture/test_window.h"

namespace rp::testing {

class BufferTest : public DisplayTest {
 protected:
  void SetUp() override {
    start();
    join();
  }
  void TearDown() override {
    window_.reset();
    client_.reset();
  }
  void join() {
    client_ = connect();
    globals_ = std::make_unique<Globals>(*client_);
    window_ = std::make_unique<TestWindow>(*client_, *globals_);
  }
  void show(wl_buffer* buffer) {
    wl_surface_attach(window_->surface, buffer, 0, 0);
    wl_surface_damage(window_->surface, 0, 0, 10'000, 10'000);
    wl_surface_commit(window_->surface);
  }

  std::unique_ptr<TestClient> client_;
  std::unique_ptr<Globals> globals_;
  std::unique_ptr<TestWindow> window_;
};

}  // namespace rp::testing
