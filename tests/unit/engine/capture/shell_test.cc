// Goal: windows appear as a phone shows them: one big window, dialogs centred, the former one back
// when the newer goes. Method: a real client over a socket; what is shown is read from the scene.
#include <sys/socket.h>

#include <algorithm>

#include "tests/unit/engine/capture/test_window.h"

namespace rp::testing {
namespace {

class ShellTest : public DisplayTest {};

TEST_F(ShellTest, FirstConfigureComesWithTheRoundtripAfterTheInitialCommit) {
  start({{720, 1280}, 240, 60'000});
  auto client = connect();
  Globals globals(*client);
  TestWindow window(*client, globals);
  wl_surface_commit(window.surface);
  ASSERT_TRUE(client->roundtrip());
  EXPECT_EQ(window.configures, 1);
  EXPECT_EQ(window.size, (Size{360, 640}));
  EXPECT_TRUE(window.has_state(XDG_TOPLEVEL_STATE_MAXIMIZED));
  window.show(0xFF000001, {720, 1280});
  EXPECT_EQ(window.configures, 2);
  EXPECT_TRUE(window.has_state(XDG_TOPLEVEL_STATE_ACTIVATED));
}

TEST_F(ShellTest, WindowFillsTheOutput) {
  start();
  auto client = connect();
  Globals globals(*client);
  EXPECT_FALSE(display_->has_content());
  TestWindow window(*client, globals);
  window.map(0xFF112233);
  EXPECT_TRUE(display_->has_content());
  EXPECT_EQ(listener_.frames_wanted, 1);
  const Scene scene = display_->take_scene();
  ASSERT_EQ(scene.layers.size(), 1U);
  EXPECT_EQ(scene.layers[0].destination, (Rect{0, 0, 720, 1280}));
  EXPECT_TRUE(scene.layers[0].opaque.contains(Rect{0, 0, 720, 1280}));
  EXPECT_EQ(pixel_of(scene.layers[0]), 0xFF112233U);
  EXPECT_EQ(scene.damage.bounds(), (Rect{0, 0, 720, 1280}));
}

TEST_F(ShellTest, FractionalScaleCoversTheOutputToTheLastPixel) {
  start({{720, 1280}, 330, 60'000});
  auto client = connect();
  Globals globals(*client);
  TestWindow window(*client, globals);
  window.map(0xFF000000);
  EXPECT_EQ(window.size, (Size{262, 466}));
  const Rect shown = display_->take_scene().layers.at(0).destination;
  EXPECT_EQ(shown.x, 0);
  EXPECT_GE(shown.width, 720);
  EXPECT_GE(shown.height, 1280);
}

TEST_F(ShellTest, NewestWindowIsShownAndTheFormerComesBack) {
  start();
  auto client = connect();
  Globals globals(*client);
  TestWindow first(*client, globals);
  first.map(0xFF000001);
  TestWindow second(*client, globals);
  second.map(0xFF000002);
  EXPECT_FALSE(first.has_state(XDG_TOPLEVEL_STATE_ACTIVATED));
  EXPECT_TRUE(second.has_state(XDG_TOPLEVEL_STATE_ACTIVATED));
  {
    const Scene scene = display_->take_scene();
    ASSERT_EQ(scene.layers.size(), 1U);
    EXPECT_EQ(pixel_of(scene.layers[0]), 0xFF000002U);
  }
  second.destroy();
  client->roundtrip();
  EXPECT_TRUE(first.has_state(XDG_TOPLEVEL_STATE_ACTIVATED));
  const Scene scene = display_->take_scene();
  ASSERT_EQ(scene.layers.size(), 1U);
  EXPECT_EQ(pixel_of(scene.layers[0]), 0xFF000001U);
  EXPECT_EQ(scene.damage.bounds(), (Rect{0, 0, 720, 1280}));
}

TEST_F(ShellTest, DialogStandsCentredAboveItsParent) {
  start();
  auto client = connect();
  Globals globals(*client);
  TestWindow window(*client, globals);
  window.map(0xFF000001);
  TestWindow dialog(*client, globals);
  xdg_toplevel_set_parent(dialog.toplevel, window.toplevel);
  dialog.map(0xFF000002, {300, 200});
  EXPECT_EQ(dialog.size, (Size{0, 0}));
  EXPECT_FALSE(dialog.has_state(XDG_TOPLEVEL_STATE_MAXIMIZED));
  const Scene scene = display_->take_scene();
  ASSERT_EQ(scene.layers.size(), 2U);
  EXPECT_EQ(scene.layers[1].destination, (Rect{210, 540, 300, 200}));
}

TEST_F(ShellTest, WindowOfFixedSizeIsADialogToo) {
  start();
  auto client = connect();
  Globals globals(*client);
  TestWindow window(*client, globals);
  xdg_toplevel_set_min_size(window.toplevel, 200, 100);
  xdg_toplevel_set_max_size(window.toplevel, 200, 100);
  window.map(0xFF000001, {200, 100});
  EXPECT_EQ(window.size, (Size{0, 0}));
  EXPECT_EQ(display_->take_scene().layers.at(0).destination, (Rect{260, 590, 200, 100}));
}

TEST_F(ShellTest, NewModeConfiguresEveryWindow) {
  start();
  auto client = connect();
  Globals globals(*client);
  TestWindow window(*client, globals);
  window.map(0xFF000001);
  display_->set_mode({{1280, 720}, 160, 60'000});
  client->roundtrip();
  EXPECT_EQ(window.size, (Size{960, 540}));
  (void)display_->take_scene();
  window.show(0xFF000002, {960, 540});
  EXPECT_EQ(display_->take_scene().layers.at(0).destination, (Rect{0, 0, 1280, 720}));
}

TEST_F(ShellTest, SlowClientGetsTheNewestSizeAfterItsAcks) {
  start();
  auto client = connect();
  Globals globals(*client);
  TestWindow window(*client, globals);
  window.map(0xFF000001);
  const int before = window.configures;
  for (int width = 100; width < 200; ++width) {
    display_->set_mode({{width, 1000}, 120, 60'000});
  }
  client->roundtrip();
  client->roundtrip();
  EXPECT_LE(window.configures - before, 10);
  EXPECT_EQ(window.size, (Size{199, 1000}));
}

TEST_F(ShellTest, BufferWithoutARoleIsAnError) {
  start();
  auto client = connect();
  Globals globals(*client);
  wl_surface* surface = wl_compositor_create_surface(globals.compositor);
  xdg_surface* xdg = xdg_wm_base_get_xdg_surface(globals.wm_base, surface);
  ShmBuffer buffer(globals.shm, {10, 10}, 0);
  wl_surface_attach(surface, buffer.get(), 0, 0);
  EXPECT_FALSE(client->roundtrip());
  EXPECT_EQ(client->error().interface, "xdg_surface");
  EXPECT_EQ(client->error().code, std::uint32_t{XDG_SURFACE_ERROR_UNCONFIGURED_BUFFER});
  EXPECT_EQ(display_->counters().protocol_errors.value(), 1U);
  xdg_surface_destroy(xdg);
  wl_surface_destroy(surface);
}

TEST_F(ShellTest, ImpatientClientIsShownAndConfiguredOnce) {
  start();
  auto client = connect();
  Globals globals(*client);
  TestWindow window(*client, globals);
  window.show(0xFF000001, {10, 10});
  EXPECT_EQ(window.configures, 1);
  EXPECT_EQ(window.size, (Size{720, 1280}));
  EXPECT_TRUE(window.has_state(XDG_TOPLEVEL_STATE_ACTIVATED));
  EXPECT_TRUE(display_->has_content());
}

TEST_F(ShellTest, ClientThatGoesTakesItsWindowsAlong) {
  start();
  auto client = connect();
  {
    Globals globals(*client);
    TestWindow window(*client, globals);
    window.map(0xFF000001);
  }
  client->roundtrip();
  EXPECT_FALSE(display_->has_content());
  auto second = connect();
  Globals globals(*second);
  auto window = std::make_unique<TestWindow>(*second, globals);
  window->map(0xFF000001);
  EXPECT_EQ(display_->client_count(), 2);
  EXPECT_TRUE(display_->has_content());
  window->buffers.clear();
  ::shutdown(wl_display_get_fd(second->display()), 2);
  loop_->run_once(Duration(0));
  loop_->run_once(Duration(0));
  EXPECT_FALSE(display_->has_content());
  EXPECT_EQ(display_->client_count(), 1);
}

}  // namespace
}  // namespace rp::testing
