// Goal: every picture comes out of a TILE as it went in, whatever its colours, and pictures of few
// colours are small. Method: pictures made for each encoding and random ones, unpacked by
// TileCanvas.
#include "engine/tiles/tile_encoder.h"

#include <random>

#include <gtest/gtest.h>

#include "engine/wire/tiles.h"
#include "tests/support/tile_canvas.h"

namespace rp {
namespace {

class TileEncoderTest : public testing::Test {
 protected:
  // Packs the picture at `area` of a canvas and compares; the encoding of the first operation.
  wire::TileEncoding there_and_back(const std::vector<std::uint32_t>& pixels, Rect area,
                                    Size canvas_size) {
    bytes_.clear();
    operations_ = encoder_.append(pixels, static_cast<std::size_t>(area.width), area, bytes_);
    TileCanvas canvas(canvas_size);
    const Status status = canvas.apply(bytes_);
    EXPECT_TRUE(status) << (status ? "" : status.error().message());
    for (int y = 0; y < area.height; ++y) {
      for (int x = 0; x < area.width; ++x) {
        const auto at = (area.y + y) * canvas_size.width + area.x + x;
        EXPECT_EQ(canvas.pixels()[static_cast<std::size_t>(at)],
                  pixels[static_cast<std::size_t>(y * area.width + x)]);
        if (HasFailure()) return {};
      }
    }
    wire::OperationReader reader(bytes_, 4096, 4096);
    return reader.next()->encoding;
  }

  TileEncoder encoder_;
  std::vector<std::uint8_t> bytes_;
  int operations_ = 0;
};

TEST_F(TileEncoderTest, OneColourIsThreeBytes) {
  const std::vector<std::uint32_t> pixels(50 * 40, 0xFF12'3456U);
  EXPECT_EQ(there_and_back(pixels, {3, 5, 50, 40}, {64, 64}), wire::TileEncoding::kSolid);
  EXPECT_EQ(bytes_.size(), wire::kOperationBytes + 3);
}

TEST_F(TileEncoderTest, FewColoursAreAPalette) {
  std::vector<std::uint32_t> pixels;
  for (unsigned i = 0; i < 64 * 64; ++i) {
    pixels.push_back(i % 7 == 0 ? 0xFF00'0000U + i % 200 : 0xFFFF'FFFFU);
  }
  EXPECT_EQ(there_and_back(pixels, {0, 0, 64, 64}, {64, 64}), wire::TileEncoding::kPalette);
}

TEST_F(TileEncoderTest, ExactlyTwoHundredFiftySixColoursStillAreAPalette) {
  std::vector<std::uint32_t> pixels;
  for (unsigned i = 0; i < 256 * 4; ++i) pixels.push_back(0xFF00'0000U + (i % 256) * 0x01'0101U);
  EXPECT_EQ(there_and_back(pixels, {0, 0, 256, 4}, {256, 8}), wire::TileEncoding::kPalette);
}

TEST_F(TileEncoderTest, ManyColoursAreRgb) {
  std::vector<std::uint32_t> pixels;
  for (unsigned i = 0; i < 64 * 64; ++i) pixels.push_back(0xFF00'0000U + (i % 512) * 0x203U);
  EXPECT_EQ(there_and_back(pixels, {0, 0, 64, 64}, {64, 64}), wire::TileEncoding::kRgb);
}

TEST_F(TileEncoderTest, NoiseIsPlainAndNeverLarger) {
  std::mt19937 random(1);
  std::vector<std::uint32_t> pixels(100 * 100);
  for (auto& pixel : pixels) pixel = 0xFF00'0000U | (random() & 0xFF'FFFFU);
  EXPECT_EQ(there_and_back(pixels, {0, 0, 100, 100}, {100, 100}), wire::TileEncoding::kPlain);
  EXPECT_EQ(bytes_.size(), wire::kOperationBytes + 3 * pixels.size());
}

TEST_F(TileEncoderTest, LargePicturesAreCutIntoBands) {
  std::vector<std::uint32_t> pixels(720 * 1280);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = 0xFF00'0000U + static_cast<std::uint32_t>(i / 720 % 5);
  }
  (void)there_and_back(pixels, {0, 0, 720, 1280}, {720, 1280});
  EXPECT_EQ(operations_, 4);
}

TEST_F(TileEncoderTest, RandomPicturesComeBack) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const auto pick = [&](unsigned low, unsigned high) {
      return low + static_cast<unsigned>(random() % (high - low + 1));
    };
    const Rect area{static_cast<int>(pick(0, 30)), static_cast<int>(pick(0, 30)),
                    static_cast<int>(pick(1, 90)), static_cast<int>(pick(1, 90))};
    const unsigned colours = pick(1, 600);
    std::vector<std::uint32_t> pixels;
    for (int i = 0; i < area.width * area.height; ++i) {
      pixels.push_back(0xFF00'0000U | (pick(0, colours) * 2'654'435U & 0xFF'FFFFU));
    }
    (void)there_and_back(pixels, area, {128, 128});
    ASSERT_FALSE(HasFailure()) << "round " << round;
  }
}

}  // namespace
}  // namespace rp
