// Goal: through a window the same pixels are seen. Method: layers with damage and opaque regions,
// looked at through windows that hold, cut and miss them.
#include "engine/frame/scene_window.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

Scene scene() {
  Scene s;
  s.output = {200, 300};
  s.committed = TimePoint{77};
  s.damage = Region(Rect{10, 20, 30, 40});
  Layer back;
  back.destination = {0, 0, 200, 300};
  back.opaque = Region(Rect{0, 0, 200, 300});
  Layer front;
  front.destination = {50, 60, 20, 20};
  front.source = {1, 2, 20, 20};
  s.layers = {back, front};
  return s;
}

TEST(SceneWindow, PlacesFromItsCorner) {
  Scene out;
  look_through(scene(), {32, 48, 64, 64}, out);
  EXPECT_EQ(out.output, (Size{64, 64}));
  EXPECT_EQ(out.committed.us, 77);
  EXPECT_EQ(out.damage.bounds(), (Rect{0, 0, 8, 12}));
  ASSERT_EQ(out.layers.size(), 2U);
  EXPECT_EQ(out.layers[0].destination, (Rect{-32, -48, 200, 300}));
  EXPECT_TRUE(out.layers[0].opaque.contains({0, 0, 64, 64}));
  EXPECT_EQ(out.layers[1].destination, (Rect{18, 12, 20, 20}));
  EXPECT_EQ(out.layers[1].source, (RectF{1, 2, 20, 20}));
}

TEST(SceneWindow, LeavesOutWhatItDoesNotShowAndWritesOver) {
  Scene out;
  look_through(scene(), {32, 48, 64, 64}, out);
  look_through(scene(), {0, 128, 64, 64}, out);
  EXPECT_EQ(out.layers.size(), 1U);
  EXPECT_TRUE(out.damage.empty());
}

}  // namespace
}  // namespace rp
