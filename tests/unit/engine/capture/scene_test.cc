// Goal: a scene's damage covers every output pixel that differs from the scene before, whatever
// clients do. Method: a client does random things (draw, move, restack, hide, crop, open and close
// windows); after each, all layers are drawn naively and the picture is compared with the one
// before; pixels that differ must be damaged.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "protocol/viewporter-client.h"
#include "tests/unit/engine/capture/test_window.h"

namespace rp::testing {
namespace {

using Picture = std::vector<std::uint32_t>;

Picture draw(const Scene& scene) {
  Picture picture(static_cast<std::size_t>(scene.output.width * scene.output.height));
  for (const Layer& layer : scene.layers) {
    const std::uint8_t* bytes = layer.buffer->begin_cpu_read();
    const Size size = layer.buffer->size();
    const Size upright = transformed(size, layer.transform);
    const double fx = layer.source.width / layer.destination.width;
    const double fy = layer.source.height / layer.destination.height;
    for (int y = 0; y < scene.output.height; ++y) {
      for (int x = 0; x < scene.output.width; ++x) {
        const int dx = x - layer.destination.x;
        const int dy = y - layer.destination.y;
        if (dx < 0 || dy < 0 || dx >= layer.destination.width || dy >= layer.destination.height) {
          continue;
        }
        const Rect at{static_cast<int>(std::floor(layer.source.x + (dx + 0.5) * fx)),
                      static_cast<int>(std::floor(layer.source.y + (dy + 0.5) * fy)), 1, 1};
        const Rect stored = transformed(at, upright, inverted(layer.transform));
        std::uint32_t pixel = 0;
        std::memcpy(&pixel,
                    bytes +
                        static_cast<std::size_t>(stored.y) * layer.buffer->plane(0).stride_bytes +
                        static_cast<std::size_t>(stored.x) * 4,
                    4);
        picture[static_cast<std::size_t>(y * scene.output.width + x)] = pixel;
      }
    }
    layer.buffer->end_cpu_read();
  }
  return picture;
}

// A surface whose client redraws parts of it and says which.
class Canvas {
 public:
  Canvas(Globals& globals, wl_surface* surface) : globals_(globals), surface_(surface) {}

  void draw_all(Size size, std::uint32_t pixel) {
    size_ = size;
    buffers_.push_back(std::make_unique<ShmBuffer>(globals_.shm, size, pixel));
    wl_surface_attach(surface_, buffers_.back()->get(), 0, 0);
    wl_surface_damage(surface_, 0, 0, 1000, 1000);
  }
  void hide() { wl_surface_attach(surface_, nullptr, 0, 0); }
  // Without a new buffer: the client writes into the memory that is shown, as many do.
  void draw_part(Rect part, std::uint32_t pixel, bool in_buffer_pixels) {
    if (buffers_.empty()) return;
    ShmBuffer& buffer = *buffers_.back();
    for (int y = part.y; y < std::min(part.y + part.height, size_.height); ++y) {
      for (int x = part.x; x < std::min(part.x + part.width, size_.width); ++x) {
        ASSERT_EQ(::pwrite(buffer.fd(), &pixel, 4, (y * size_.width + x) * 4), 4);
      }
    }
    if (in_buffer_pixels) {
      wl_surface_damage_buffer(surface_, part.x, part.y, part.width, part.height);
    } else {
      wl_surface_damage(surface_, 0, 0, 1000, 1000);
    }
  }
  void forget_released() {
    std::erase_if(buffers_,
                  [&](const auto& b) { return b != buffers_.back() && b->releases() > 0; });
  }
  [[nodiscard]] wl_surface* surface() const { return surface_; }

 private:
  Globals& globals_;
  wl_surface* surface_;
  Size size_;
  std::vector<std::unique_ptr<ShmBuffer>> buffers_;
};

struct Child {
  std::unique_ptr<Canvas> canvas;
  wl_subsurface* role;
  wp_viewport* viewport;
};

class SceneTest : public DisplayTest {
 protected:
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine_); }
  std::uint32_t color() { return 0xFF000000U | static_cast<std::uint32_t>(pick(1, 0xFFFFFF)); }
  void act(Canvas& main, std::vector<Child>& children);
  void check(int round);

  std::mt19937 engine_{7};
  Picture last_;
};

void SceneTest::act(Canvas& main, std::vector<Child>& children) {
  Child& child = children[static_cast<std::size_t>(pick(0, static_cast<int>(children.size()) - 1))];
  Child& other = children[static_cast<std::size_t>(pick(0, static_cast<int>(children.size()) - 1))];
  const Rect part{pick(0, 20), pick(0, 20), pick(1, 10), pick(1, 10)};
  switch (pick(0, 9)) {
    case 0:
      main.draw_part(part, color(), true);
      break;
    case 1:
      child.canvas->draw_part(part, color(), true);
      break;
    case 2:
      child.canvas->draw_part(part, color(), false);
      break;
    case 3:
      child.canvas->draw_all({pick(1, 40), pick(1, 40)}, color());
      break;
    case 4:
      child.canvas->hide();
      break;
    case 5:
      wl_subsurface_set_position(child.role, pick(-20, 60), pick(-20, 60));
      break;
    case 6:
      if (&child != &other) wl_subsurface_place_above(child.role, other.canvas->surface());
      break;
    case 7:
      wl_subsurface_place_below(child.role, main.surface());
      break;
    case 8:
      wp_viewport_set_destination(child.viewport, pick(1, 50), pick(1, 50));
      break;
    case 9:
      wl_surface_set_buffer_transform(child.canvas->surface(), pick(0, 7));
      wl_surface_damage(child.canvas->surface(), 0, 0, 1000, 1000);
      break;
    default:
      break;
  }
  wl_surface_commit(child.canvas->surface());
  wl_surface_commit(main.surface());
}

void SceneTest::check(int round) {
  const Scene scene = display_->take_scene();
  const Picture now = draw(scene);
  if (last_.size() == now.size()) {
    for (int y = 0; y < scene.output.height; ++y) {
      for (int x = 0; x < scene.output.width; ++x) {
        const auto i = static_cast<std::size_t>(y * scene.output.width + x);
        ASSERT_TRUE(now[i] == last_[i] || scene.damage.contains(x, y))
            << "round " << round << ": " << x << ',' << y << " changed without damage";
      }
    }
  }
  last_ = now;
  EXPECT_TRUE(display_->take_scene().damage.empty()) << "damage without a cause";
}

TEST_F(SceneTest, DamageCoversAllThatChanges) {
  start({{70, 64}, 150, 60'000});
  auto client = connect();
  Globals globals(*client);
  auto* viewporter = client->bind<wp_viewporter>(wp_viewporter_interface, 1);
  auto window = std::make_unique<TestWindow>(*client, globals);
  window->map(color());
  Canvas main(globals, window->surface);
  main.draw_all(window->size, color());
  std::vector<Child> children;
  for (int i = 0; i < 4; ++i) {
    wl_surface* surface = wl_compositor_create_surface(globals.compositor);
    children.push_back(
        {std::make_unique<Canvas>(globals, surface),
         wl_subcompositor_get_subsurface(globals.subcompositor, surface, main.surface()),
         wp_viewporter_get_viewport(viewporter, surface)});
    if (i % 2 == 0) wl_subsurface_set_desync(children.back().role);
  }
  std::unique_ptr<TestWindow> dialog;
  for (int round = 0; round < 1500; ++round) {
    act(main, children);
    if (round % 50 == 20) {
      dialog = std::make_unique<TestWindow>(*client, globals);
      if (pick(0, 1) != 0) xdg_toplevel_set_parent(dialog->toplevel, window->toplevel);
      dialog->map(color(), {20, 20});
    }
    if (round % 50 == 40) dialog.reset();
    ASSERT_TRUE(client->roundtrip());
    check(round);
    if (HasFatalFailure() || HasNonfatalFailure()) return;
    main.forget_released();
    for (Child& child : children) child.canvas->forget_released();
  }
}

TEST_F(SceneTest, PartialDamageStaysPartial) {
  start();
  auto client = connect();
  Globals globals(*client);
  TestWindow window(*client, globals);
  window.map(0xFF000001);
  (void)display_->take_scene();
  wl_surface_damage_buffer(window.surface, 100, 200, 30, 40);
  wl_surface_commit(window.surface);
  clock_.advance(Duration(5'000));
  const TimePoint committed = clock_.now();
  client->roundtrip();
  clock_.advance(Duration(3'000));
  const Scene scene = display_->take_scene();
  EXPECT_EQ(scene.damage.bounds(), (Rect{100, 200, 30, 40}));
  EXPECT_EQ(scene.committed, committed);
}

TEST_F(SceneTest, BackgroundUnderOpaqueContentIsLeftOut) {
  start();
  auto client = connect();
  Globals globals(*client);
  TestWindow window(*client, globals);
  window.map(0xFF000001);
  Canvas content(globals, wl_compositor_create_surface(globals.compositor));
  wl_subcompositor_get_subsurface(globals.subcompositor, content.surface(), window.surface);
  content.draw_all({720, 1280}, 0xFF000002);
  wl_surface_commit(content.surface());
  wl_surface_commit(window.surface);
  client->roundtrip();
  const Scene scene = display_->take_scene();
  ASSERT_EQ(scene.layers.size(), 1U);
  EXPECT_EQ(pixel_of(scene.layers[0]), 0xFF000002U);
}

TEST_F(SceneTest, FrameCallbacksGoOutWithFrameDone) {
  start();
  auto client = connect();
  Globals globals(*client);
  TestWindow window(*client, globals);
  window.map(0xFF000001);
  (void)display_->take_scene();
  listener_.frames_wanted = 0;
  std::uint32_t time_ms = 0;
  static const wl_callback_listener kListener = {
      .done = [](void* data, wl_callback*, std::uint32_t t) {
        *static_cast<std::uint32_t*>(data) = t;
      }};
  wl_callback* callback = wl_surface_frame(window.surface);
  wl_callback_add_listener(callback, &kListener, &time_ms);
  wl_surface_commit(window.surface);
  client->roundtrip();
  EXPECT_EQ(listener_.frames_wanted, 1);
  EXPECT_TRUE(display_->take_scene().damage.empty());
  client->roundtrip();
  EXPECT_EQ(time_ms, 0U);
  display_->frame_done(TimePoint{7'654'321}, 1);
  client->roundtrip();
  EXPECT_EQ(time_ms, 7654U);
  wl_callback_destroy(callback);
}

}  // namespace
}  // namespace rp::testing
