// Goal: whatever an app draws, the viewer's picture is the app's within video's loss after every
// step and exactly once it rests; small changes, scrolls and repeats take the cheap way. Method: an
// app on a plain buffer, random drawing from fixed seeds, TileCanvas as the viewer; video is played
// by writing the pixels a little wrong.
#include "engine/tiles/tile_path.h"

#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "engine/compose/cpu_composer.h"
#include "engine/compose/pixel_format.h"
#include "tests/support/tile_canvas.h"

namespace rp {
namespace {

constexpr std::size_t kPlenty = 1 << 24;

class PixelBuffer final : public FrameBuffer {
 public:
  explicit PixelBuffer(Size size)
      : pixels(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height),
               0x00FF'FFFFU) {
    size_ = size;
    format_ = fourcc('X', 'R', '2', '4');
    planes_[0].stride_bytes = static_cast<std::uint32_t>(size.width) * 4;
  }
  const std::uint8_t* begin_cpu_read() override {
    return reinterpret_cast<const std::uint8_t*>(pixels.data());
  }
  bool end_cpu_read() override { return true; }

  std::vector<std::uint32_t> pixels;
};

class TilePathTest : public testing::Test {
 protected:
  explicit TilePathTest(Size size = {360, 480})
      : size_(size), buffer_(std::make_shared<PixelBuffer>(size)), canvas_(size) {
    path_.reset(size);
    play_video({0, 0, size.width, size.height});
    path_.all_by_video();
    rest();
  }

  std::uint32_t& pixel(int x, int y) {
    return buffer_->pixels[static_cast<std::size_t>(y * size_.width + x)];
  }
  int pick(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
  Rect pick_rect(int most_width, int most_height) {
    const int x = pick(0, size_.width - 1);
    const int y = pick(0, size_.height - 1);
    return {x, y, pick(1, std::min(most_width, size_.width - x)),
            pick(1, std::min(most_height, size_.height - y))};
  }

  void fill(Rect r, std::uint32_t colour) {
    for (int y = r.y; y < r.y + r.height; ++y) {
      for (int x = r.x; x < r.x + r.width; ++x) pixel(x, y) = colour;
    }
    damage_.add(r);
  }
  void noise(Rect r) {
    for (int y = r.y; y < r.y + r.height; ++y) {
      for (int x = r.x; x < r.x + r.width; ++x) pixel(x, y) = random_() & 0xFF'FFFFU;
    }
    damage_.add(r);
  }
  // Text-like marks on white: each row of marks differs from the others.
  void page(Rect r, int first_row) {
    for (int y = r.y; y < r.y + r.height; ++y) {
      const auto row = static_cast<unsigned>(first_row + y - r.y);
      for (int x = r.x; x < r.x + r.width; ++x) {
        const unsigned mark = row / 3 * 2'654'435'761U ^ static_cast<unsigned>(x / 3) * 40'503U;
        pixel(x, y) = row % 24 < 16 && mark % 5 == 0 ? 0x0020'2024U : 0x00FA'FAF7U;
      }
    }
    damage_.add(r);
  }
  void scroll(Rect r, int by) {
    const std::vector<std::uint32_t> before = buffer_->pixels;
    for (int y = r.y; y < r.y + r.height; ++y) {
      const int from = y + by;
      if (from < r.y || from >= r.y + r.height) continue;
      for (int x = r.x; x < r.x + r.width; ++x) {
        pixel(x, y) = before[static_cast<std::size_t>(from * size_.width + x)];
      }
    }
    damage_.add(r);
  }

  Scene scene() {
    Scene s;
    s.output = size_;
    Layer layer;
    layer.buffer = buffer_;
    layer.source = {0, 0, double(size_.width), double(size_.height)};
    layer.destination = {0, 0, size_.width, size_.height};
    s.layers.push_back(std::move(layer));
    s.damage = std::exchange(damage_, Region());
    return s;
  }

  void play_video(Rect shown) {
    for (int y = shown.y; y < shown.y + shown.height; ++y) {
      for (int x = shown.x; x < shown.x + shown.width; ++x) {
        canvas_.pixels()[static_cast<std::size_t>(y * size_.width + x)] =
            (pixel(x, y) | 0xFF00'0000U) ^ 0x0001'0101U;
      }
    }
  }

  TilePath::Kind step(std::size_t most_bytes = kPlenty) {
    const Scene s = scene();
    const TilePath::Verdict verdict = path_.look(s, composer_, most_bytes, unit_);
    if (verdict.kind == TilePath::Kind::kTiles) {
      const Status status = canvas_.apply(unit_.bytes);
      EXPECT_TRUE(status) << (status ? "" : status.error().message());
    } else if (verdict.kind == TilePath::Kind::kVideo) {
      play_video(verdict.shown);
    }
    return verdict.kind;
  }
  void rest() {
    for (int i = 0; i < 1'000 && !path_.exact(); ++i) {
      path_.make_exact(scene(), composer_, 4'000, unit_);
      ASSERT_TRUE(canvas_.apply(unit_.bytes));
    }
    ASSERT_TRUE(path_.exact());
    EXPECT_EQ(off_by(), 0);
  }
  // The largest difference in a channel between the viewer's picture and the app's.
  int off_by() {
    int worst = 0;
    for (std::size_t i = 0; i < buffer_->pixels.size(); ++i) {
      for (unsigned shift = 0; shift < 24; shift += 8) {
        const int a = static_cast<int>(buffer_->pixels[i] >> shift & 0xFF);
        const int b = static_cast<int>(canvas_.pixels()[i] >> shift & 0xFF);
        worst = std::max(worst, std::abs(a - b));
      }
    }
    return worst;
  }

  Size size_;
  std::mt19937 random_{1};
  std::shared_ptr<PixelBuffer> buffer_;
  Region damage_;
  CpuComposer composer_;
  TileScratch scratch_;
  TilePath path_{scratch_};
  TileCanvas canvas_;
  AccessUnit unit_;
};

TEST_F(TilePathTest, ACaretIsATileOfItsOwnSize) {
  page({0, 0, 360, 480}, 0);
  (void)step();
  rest();
  fill({100, 200, 2, 18}, 0x00'0000U);
  EXPECT_EQ(step(), TilePath::Kind::kTiles);
  EXPECT_EQ(unit_.operations, 1);
  EXPECT_LT(unit_.bytes.size(), 64U);
  EXPECT_TRUE(path_.exact());
  EXPECT_EQ(off_by(), 0);
}

TEST_F(TilePathTest, WhatIsDrawnAgainUnchangedCostsNothing) {
  page({0, 0, 360, 480}, 0);
  (void)step();
  page({0, 0, 360, 480}, 0);
  EXPECT_EQ(step(), TilePath::Kind::kNothing);
}

TEST_F(TilePathTest, AScrolledPageIsACopyAndAStrip) {
  page({0, 0, 360, 480}, 0);
  (void)step();
  for (int i = 1; i <= 20; ++i) {
    page({0, 40, 360, 440}, 40 + 6 * i);
    ASSERT_EQ(step(), TilePath::Kind::kTiles);
    EXPECT_LT(unit_.bytes.size(), 4'000U);
    EXPECT_LE(off_by(), 1);
  }
  rest();
}

TEST_F(TilePathTest, LossyPixelsStayLossyWhereTheyMove) {
  page({0, 0, 360, 480}, 0);
  EXPECT_EQ(step(10), TilePath::Kind::kVideo);  // no room for tiles
  EXPECT_FALSE(path_.exact());
  page({0, 0, 360, 480}, 6);
  EXPECT_EQ(step(), TilePath::Kind::kTiles);
  EXPECT_FALSE(path_.exact());
  EXPECT_EQ(off_by(), 1);
  rest();
}

TEST_F(TilePathTest, NoiseGoesByVideoAndIsNotLookedAtForLong) {
  int videos = 0;
  for (int i = 0; i < 100; ++i) {
    noise({0, 0, 360, 480});
    videos += step(10'000) == TilePath::Kind::kVideo ? 1 : 0;
    EXPECT_LE(off_by(), 1);
  }
  EXPECT_EQ(videos, 100);
  rest();
}

TEST_F(TilePathTest, AVideoThatBeginsToScrollIsSeenAgain) {
  for (int i = 0; i < 30; ++i) {
    noise({0, 0, 360, 480});
    (void)step(10'000);
  }
  int tiles = 0;
  for (int i = 0; i < 40; ++i) {
    page({0, 0, 360, 480}, 5 * i);
    tiles += step(10'000) == TilePath::Kind::kTiles ? 1 : 0;
    ASSERT_LE(off_by(), 1);
  }
  EXPECT_GT(tiles, 20);
}

TEST_F(TilePathTest, ManySmallRectanglesAreExact) {
  for (int i = 0; i < 40; ++i) fill(pick_rect(20, 20), random_() & 0xFF'FFFFU);
  (void)step();
  rest();
}

TEST_F(TilePathTest, ChessboardOfRowsDoesNotMakeThousandsOfOperations) {
  for (int y = 0; y < 480; y += 2) fill({y % 4 * 60, y, 60, 1}, static_cast<unsigned>(y));
  (void)step();
  EXPECT_LE(off_by(), 1);
  rest();
}

TEST_F(TilePathTest, AnyDrawingIsShownWithinLossAndExactAtRest) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    random_.seed(seed);
    for (int i = 0; i < 60; ++i) {
      for (int n = pick(1, 3); n > 0; --n) {
        switch (pick(0, 6)) {
          case 0:
            fill(pick_rect(360, 480), random_() & 0xFF'FFFFU);
            break;
          case 1:
            fill(pick_rect(30, 30), random_() & 0xFF'FFFFU);
            break;
          case 2:
            noise(pick_rect(200, 200));
            break;
          case 3:
            page(pick_rect(360, 480), pick(0, 5'000));
            break;
          case 4:
            damage_.add(pick_rect(360, 480));
            break;
          default:
            scroll(pick_rect(360, 480), pick(-60, 60));
            break;
        }
      }
      (void)step(static_cast<std::size_t>(pick(0, 1) == 0 ? 3'000 : 1'000'000));
      ASSERT_LE(off_by(), 1) << "seed " << seed << " step " << i;
    }
    rest();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace rp
