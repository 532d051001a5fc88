// Goal: the window always holds what is shown, lies on the grid inside the picture, grows at once
// and shrinks only to what has sufficed. Method: a film in a page, named cases at the edges, and
// random walks checked for what must always hold.
#include "engine/session/video_window.h"

#include <random>

#include <gtest/gtest.h>

namespace rp {
namespace {

constexpr Size kPhone{720, 1280};
constexpr Rect kAll{0, 0, 720, 1280};
constexpr Rect kFilm{0, 181, 720, 405};
constexpr Rect kFilmWindow{0, 176, 720, 416};

class VideoWindowTest : public testing::Test {
 protected:
  VideoWindowTest() { window_.reset(kPhone); }
  Rect choose(Rect shown) {
    now_ = now_ + Duration(33'333);
    return window_.choose(shown, now_);
  }
  VideoWindow window_;
  TimePoint now_{1'000'000};
};

TEST_F(VideoWindowTest, AFilmIsCodedAlone) {
  EXPECT_EQ(choose(kFilm), kFilmWindow);
  EXPECT_EQ(choose({100, 200, 50, 50}), kFilmWindow);
}

TEST_F(VideoWindowTest, WhatNeedsMostOfThePictureGetsAllOfIt) {
  EXPECT_EQ(choose({0, 0, 720, 1100}), kAll);
  window_.reset(kPhone);
  EXPECT_EQ(choose({}), kAll);
}

TEST_F(VideoWindowTest, GrowsAtOnceToHoldBoth) {
  EXPECT_EQ(choose(kFilm), kFilmWindow);
  EXPECT_EQ(choose({0, 600, 720, 40}), (Rect{0, 176, 720, 464}));
  EXPECT_EQ(choose({}), kAll);
}

TEST_F(VideoWindowTest, ShrinksAfterAWhileOfNeedingLess) {
  EXPECT_EQ(choose({}), kAll);
  int pictures = 0;
  while (choose(kFilm) == kAll && pictures < 1000) ++pictures;
  // The picture that needed all of it counts to the first while.
  EXPECT_GE(pictures, VideoWindow::kPictures);
  EXPECT_LE(pictures, 70);
  EXPECT_EQ(choose(kFilm), kFilmWindow);
}

TEST_F(VideoWindowTest, AFewPicturesLateApartDoNotShrinkIt) {
  EXPECT_EQ(choose({}), kAll);
  for (int i = 0; i < VideoWindow::kPictures - 2; ++i) {
    now_ = now_ + std::chrono::seconds(2);
    EXPECT_EQ(choose(kFilm), kAll);
  }
}

TEST_F(VideoWindowTest, IsSlowerToShrinkWhereThatWasInVain) {
  const auto pictures_until_it_shrinks = [&] {
    int pictures = 0;
    while (choose(kFilm) == kAll && pictures < 1000) ++pictures;
    return pictures;
  };
  EXPECT_EQ(choose({}), kAll);
  const int first = pictures_until_it_shrinks();
  EXPECT_EQ(choose({}), kAll);
  const int second = pictures_until_it_shrinks();
  EXPECT_GE(second, first * 3 / 2);
  now_ = now_ + std::chrono::seconds(10);
  EXPECT_EQ(choose({}), kAll);
  EXPECT_LE(pictures_until_it_shrinks(), first);
}

TEST_F(VideoWindowTest, ASmallPartGetsTheLeastSideAndStaysInside) {
  EXPECT_EQ(choose({700, 1270, 5, 5}), (Rect{592, 1152, 128, 128}));
  window_.reset({100, 90});
  EXPECT_EQ(choose({99, 89, 1, 1}), (Rect{0, 0, 100, 90}));
}

TEST_F(VideoWindowTest, AlwaysHoldsWhatIsShownOnTheGrid) {
  std::mt19937 random(7);
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (int round = 0; round < 200; ++round) {
    const Size size{pick(64, 1000), pick(64, 1000)};
    const Rect all{0, 0, size.width, size.height};
    window_.reset(size);
    for (int i = 0; i < 100; ++i) {
      const int x = pick(0, size.width - 1);
      const int y = pick(0, size.height - 1);
      const Rect shown{x, y, pick(1, size.width - x), pick(1, size.height - y)};
      const Rect window = choose(shown);
      ASSERT_EQ(intersection(shown, window), shown);
      ASSERT_EQ(intersection(window, all), window);
      ASSERT_EQ(window.x % VideoWindow::kGrid_px, 0);
      ASSERT_EQ(window.y % VideoWindow::kGrid_px, 0);
      ASSERT_GE(window.width, std::min(size.width, VideoWindow::kLeastSide_px));
      ASSERT_GE(window.height, std::min(size.height, VideoWindow::kLeastSide_px));
    }
  }
}

}  // namespace
}  // namespace rp
