// Goal: a client over a bound of limits.h is ended, alone and counted. Method: one client floods,
// another goes on.
#include "engine/base/limits.h"

#include <functional>

#include "protocol/viewporter-client.h"
#include "tests/unit/engine/capture/test_window.h"

namespace rp::testing {
namespace {

class LimitsTest : public DisplayTest {
 protected:
  // `flood` sends; it is over when the client has been ended.
  void expect_ended(const std::function<void(TestClient&, Globals&)>& flood) {
    start();
    auto good = connect();
    auto bad = connect();
    Globals globals(*bad);
    flood(*bad, globals);
    EXPECT_FALSE(bad->roundtrip());
    EXPECT_EQ(display_->counters().limits_hit.value(), 1U);
    EXPECT_TRUE(good->roundtrip());
    EXPECT_EQ(display_->client_count(), 1);
  }
};

TEST_F(LimitsTest, HundredThousandSurfaces) {
  expect_ended([](TestClient& client, Globals& globals) {
    for (int i = 0; i < 100'000; ++i) {
      wl_compositor_create_surface(globals.compositor);
      if (i % 100 == 0) client.settle();
      if (wl_display_get_error(client.display()) != 0) return;
    }
  });
}

TEST_F(LimitsTest, FrameCallbacksOfOneSurface) {
  expect_ended([](TestClient&, Globals& globals) {
    wl_surface* surface = wl_compositor_create_surface(globals.compositor);
    for (std::size_t i = 0; i <= limits::kMaxFrameCallbacksPerSurface; ++i)
      wl_surface_frame(surface);
  });
}

TEST_F(LimitsTest, RectanglesOfARegion) {
  expect_ended([](TestClient& client, Globals& globals) {
    wl_region* region = wl_compositor_create_region(globals.compositor);
    for (int i = 0; i <= static_cast<int>(limits::kMaxExactRects); ++i) {
      wl_region_add(region, 3 * i, 3 * i, 1, 1);
      if (i % 100 == 0) client.settle();
    }
  });
}

TEST_F(LimitsTest, DepthOfSubsurfaces) {
  expect_ended([](TestClient&, Globals& globals) {
    wl_surface* parent = wl_compositor_create_surface(globals.compositor);
    for (std::size_t i = 0; i <= limits::kMaxSubsurfaceDepth; ++i) {
      wl_surface* child = wl_compositor_create_surface(globals.compositor);
      wl_subcompositor_get_subsurface(globals.subcompositor, child, parent);
      parent = child;
    }
  });
}

TEST_F(LimitsTest, Objects) {
  expect_ended([](TestClient& client, Globals& globals) {
    for (std::size_t i = 0; i < 2 * limits::kMaxObjectsPerClient; ++i) {
      wl_compositor_create_region(globals.compositor);
      if (i % 100 == 0) client.settle();
      if (wl_display_get_error(client.display()) != 0) return;
    }
  });
}

TEST_F(LimitsTest, BuffersAndPools) {
  expect_ended([](TestClient& client, Globals& globals) {
    std::vector<std::unique_ptr<ShmBuffer>> buffers;
    for (std::size_t i = 0; i <= limits::kMaxBuffersPerClient; ++i) {
      buffers.push_back(std::make_unique<ShmBuffer>(globals.shm, Size{1, 1}, 0));
      client.settle();
    }
  });
}

TEST_F(LimitsTest, HugeViewportDestination) {
  expect_ended([](TestClient& client, Globals& globals) {
    auto* viewporter = client.bind<wp_viewporter>(wp_viewporter_interface, 1);
    wl_surface* surface = wl_compositor_create_surface(globals.compositor);
    wp_viewport_set_destination(wp_viewporter_get_viewport(viewporter, surface), INT32_MAX,
                                INT32_MAX);
  });
}

TEST_F(LimitsTest, ClientsOfOnePhone) {
  start();
  std::vector<std::unique_ptr<TestClient>> clients;
  for (std::size_t i = 0; i < limits::kMaxClientsPerPhone; ++i) clients.push_back(connect());
  EXPECT_FALSE(connect()->roundtrip());
  EXPECT_EQ(display_->client_count(), static_cast<int>(limits::kMaxClientsPerPhone));
  EXPECT_EQ(display_->counters().limits_hit.value(), 1U);
  clients.pop_back();
  EXPECT_TRUE(connect()->roundtrip());
}

TEST_F(LimitsTest, FloodOfCommitsIsServedInTurns) {
  start();
  auto good = connect();
  auto bad = connect();
  Globals globals(*bad);
  TestWindow window(*bad, globals);
  window.map(0xFF000001);
  for (int i = 0; i < 20'000; ++i) {
    wl_surface_damage(window.surface, i % 700, i % 1200, 5, 5);
    wl_surface_commit(window.surface);
    if (i % 50 == 0) bad->send();
  }
  EXPECT_TRUE(good->roundtrip());
  EXPECT_TRUE(bad->roundtrip());
  EXPECT_LE(display_->take_scene().damage.boxes().size(), limits::kMaxDamageRects);
}

}  // namespace
}  // namespace rp::testing
