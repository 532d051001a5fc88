// Goal: for any field values in range, parse(serialise(x)) == x.
// Method: 10,000 random values a message from a fixed seed.
#include <random>

#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "engine/wire/dispatch.h"
#include "engine/wire/tiles.h"

namespace rp::wire {
namespace {

constexpr int kRounds = 10'000;

class Random {
 public:
  template <typename T>
  T pick(std::type_identity_t<T> low = std::numeric_limits<T>::min(),
         std::type_identity_t<T> high = std::numeric_limits<T>::max()) {
    if constexpr (std::is_signed_v<T>) {
      return static_cast<T>(std::uniform_int_distribution<std::int64_t>(low, high)(engine_));
    } else {
      return static_cast<T>(std::uniform_int_distribution<std::uint64_t>(low, high)(engine_));
    }
  }
  // ASCII and two-byte characters, at most `max_bytes`.
  std::string text(std::size_t max_bytes) {
    std::string out;
    const auto bytes = pick<std::size_t>(0, max_bytes);
    while (out.size() + 2 <= bytes) {
      if (pick<int>(0, 3) == 0) {
        out += static_cast<char>(0xC2 + pick<int>(0, 0x1D));
        out += static_cast<char>(0x80 + pick<int>(0, 0x3F));
      } else {
        out += static_cast<char>(pick<int>(1, 0x7F));
      }
    }
    return out;
  }

 private:
  std::mt19937_64 engine_{20'240'607};
};

// Serialises, reads the frame and parses; the bytes live until the next call.
template <typename T, typename Parse>
T there_and_back(const T& value, Parse parse) {
  static std::vector<std::uint8_t> bytes;
  bytes.clear();
  append(bytes, value);
  MessageReader reader(bytes);
  const auto view = reader.next();
  RP_CHECK(view.has_value());
  EXPECT_FALSE(reader.more());
  const Result<T> parsed = parse(*view);
  EXPECT_TRUE(parsed.has_value()) << parsed.error().message();
  return parsed.value_or(T{});
}

TEST(RoundTrip, Hello) {
  Random r;
  for (int i = 0; i < kRounds; ++i) {
    const std::string layout = r.text(kMaxLayoutBytes);
    const std::string client = r.text(kMaxClientNameBytes);
    const auto low = r.pick<std::uint16_t>(1, UINT16_MAX);
    const Hello hello{low,
                      r.pick<std::uint16_t>(low, UINT16_MAX),
                      r.pick<std::uint32_t>(),
                      r.pick<std::uint32_t>(),
                      r.pick<std::uint16_t>(64, 4096),
                      r.pick<std::uint16_t>(64, 4096),
                      r.pick<std::uint16_t>(kMinScale_120, kMaxScale_120),
                      r.pick<std::uint8_t>(1, kMaxFps),
                      QualityMode{r.pick<std::uint8_t>(0, 2)},
                      layout,
                      client};
    ASSERT_EQ(there_and_back(hello, parse_hello), hello);
  }
}

TEST(RoundTrip, Input) {
  Random r;
  for (int i = 0; i < kRounds; ++i) {
    const Touch touch{r.pick<std::uint32_t>(), TouchAction{r.pick<std::uint8_t>(0, 3)},
                      r.pick<std::uint8_t>(0, 9), r.pick<std::uint16_t>(), r.pick<std::uint16_t>()};
    ASSERT_EQ(there_and_back(touch, parse_touch), touch);
    const Pointer pointer{r.pick<std::uint32_t>(), PointerAction{r.pick<std::uint8_t>(0, 3)},
                          PointerButton{r.pick<std::uint8_t>(0, 4)}, r.pick<std::uint16_t>(),
                          r.pick<std::uint16_t>()};
    ASSERT_EQ(there_and_back(pointer, parse_pointer), pointer);
    const Wheel wheel{r.pick<std::uint32_t>(), r.pick<std::int32_t>(-kMaxWheel_256, kMaxWheel_256),
                      r.pick<std::int32_t>(-kMaxWheel_256, kMaxWheel_256),
                      WheelUnit{r.pick<std::uint8_t>(0, 1)}};
    ASSERT_EQ(there_and_back(wheel, parse_wheel), wheel);
    const Key key{r.pick<std::uint32_t>(), r.pick<std::uint16_t>(1, kMaxEvdevCode),
                  r.pick<int>(0, 1) == 1};
    ASSERT_EQ(there_and_back(key, parse_key), key);
  }
}

TEST(RoundTrip, Control) {
  Random r;
  for (int i = 0; i < kRounds; ++i) {
    const Resize resize{r.pick<std::uint16_t>(64, 4096), r.pick<std::uint16_t>(64, 4096),
                        r.pick<std::uint16_t>(kMinScale_120, kMaxScale_120)};
    ASSERT_EQ(there_and_back(resize, parse_resize), resize);
    const Quality quality{QualityMode{r.pick<std::uint8_t>(0, 2)}, r.pick<std::uint8_t>(0, kMaxFps),
                          r.pick<std::uint32_t>()};
    ASSERT_EQ(there_and_back(quality, parse_quality), quality);
    const Ack ack{r.pick<int>(0, 1) == 1,  r.pick<std::uint32_t>(), r.pick<std::uint32_t>(),
                  r.pick<std::uint32_t>(), r.pick<std::uint32_t>(), r.pick<std::uint16_t>()};
    ASSERT_EQ(there_and_back(ack, parse_ack), ack);
    const Pong pong{r.pick<std::uint64_t>(), r.pick<std::uint64_t>()};
    ASSERT_EQ(there_and_back(pong, parse_pong), pong);
    const Stats stats{r.pick<std::uint32_t>(), r.pick<std::uint32_t>(), r.pick<std::uint32_t>(),
                      r.pick<std::uint32_t>(), r.pick<std::uint16_t>()};
    ASSERT_EQ(there_and_back(stats, parse_stats), stats);
    const DisplayShape shape{r.pick<std::uint16_t>(), r.pick<std::uint16_t>(),
                             r.pick<std::uint16_t>(), r.pick<std::uint8_t>(0, 3)};
    ASSERT_EQ(there_and_back(shape, parse_display), shape);
  }
}

TEST(RoundTrip, Text) {
  Random r;
  for (int i = 0; i < kRounds / 10; ++i) {
    const std::string words = r.text(limits::kMaxTextBytes);
    const Text text{r.pick<std::uint32_t>(), TextKind{r.pick<std::uint8_t>(0, 1)},
                    static_cast<std::uint16_t>(r.pick<int>(0, 1) == 0 ? 0 : words.size()), words};
    ASSERT_EQ(there_and_back(text, parse_text), text);
    const std::string code = r.text(40);
    const Notice notice{NoticeLevel{r.pick<std::uint8_t>(0, 1)}, code, words};
    ASSERT_EQ(there_and_back(notice, parse_notice), notice);
    const Welcome welcome{1, 1, r.pick<std::uint32_t>(), r.pick<std::uint64_t>(), code, words};
    ASSERT_EQ(there_and_back(welcome, parse_welcome), welcome);
    const TextInput state{r.pick<int>(0, 1) == 1, r.pick<std::uint8_t>(), r.pick<std::int32_t>(),
                          r.pick<std::int32_t>(), r.pick<std::int32_t>(), r.pick<std::int32_t>()};
    ASSERT_EQ(there_and_back(state, parse_text_input), state);
  }
}

Frame random_frame(Random& r) {
  return {r.pick<int>(0, 1) == 1,           r.pick<int>(0, 1) == 1,
          r.pick<std::uint32_t>(),          r.pick<std::uint32_t>(),
          r.pick<std::uint64_t>(),          r.pick<std::uint32_t>(),
          r.pick<std::uint32_t>(),          r.pick<std::uint32_t>(),
          r.pick<std::uint32_t>(),          r.pick<std::uint16_t>(2048, 4096),
          r.pick<std::uint16_t>(2048, 4096)};
}

TEST(RoundTrip, Tiles) {
  Random r;
  for (int i = 0; i < kRounds; ++i) {
    std::vector<std::uint8_t> operations;
    const Area area{r.pick<std::uint16_t>(0, 2000), r.pick<std::uint16_t>(0, 2000),
                    r.pick<std::uint16_t>(1, 48), r.pick<std::uint16_t>(1, 48)};
    const auto to_x = r.pick<std::uint16_t>(0, 2000);
    append_copy(operations, area, to_x, 3);
    const std::size_t begin = begin_tile(operations, TileEncoding::kRgb, area);
    operations.insert(operations.end(), {7, 8, 9});
    end_tile(operations, begin);
    const Tiles tiles{random_frame(r), 2};
    const auto header = serialise(tiles, operations.size());
    std::vector<std::uint8_t> bytes(header.begin(), header.end());
    bytes.insert(bytes.end(), operations.begin(), operations.end());
    const auto view = MessageReader(bytes).next();
    ASSERT_TRUE(view.has_value());
    const auto parsed = parse_tiles(*view);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
    ASSERT_EQ(parsed->tiles, tiles);
    OperationReader reader(parsed->data, tiles.width_px, tiles.height_px);
    const auto copy = reader.next();
    ASSERT_TRUE(copy.has_value());
    EXPECT_EQ(copy->kind, OperationKind::kCopy);
    EXPECT_EQ(copy->area, area);
    EXPECT_EQ(copy->to_x, to_x);
    EXPECT_EQ(copy->to_y, 3);
    const auto tile = reader.next();
    ASSERT_TRUE(tile.has_value());
    EXPECT_EQ(tile->encoding, TileEncoding::kRgb);
    EXPECT_EQ(tile->area, area);
    ASSERT_EQ(tile->data.size(), 3U);
    EXPECT_EQ(tile->data[2], 9);
    EXPECT_FALSE(reader.more());
  }
}

TEST(RoundTrip, Video) {
  Random r;
  for (int i = 0; i < kRounds; ++i) {
    const auto x = r.pick<std::uint16_t>(0, 2000);
    const auto y = r.pick<std::uint16_t>(0, 2000);
    const auto coded_x = r.pick<std::uint16_t>(0, x);
    const Area shown{x, y, r.pick<std::uint16_t>(1, 24), r.pick<std::uint16_t>(1, 24)};
    const Area coded{coded_x, y, static_cast<std::uint16_t>(x - coded_x + 24),
                     r.pick<std::uint16_t>(24, 48)};
    const Video video{random_frame(r), r.pick<int>(0, 1) == 1, r.pick<std::uint8_t>(), shown,
                      coded};
    const auto header = serialise(video, 3);
    std::vector<std::uint8_t> bytes(header.begin(), header.end());
    bytes.insert(bytes.end(), {7, 8, 9});
    MessageReader reader(bytes);
    const auto view = reader.next();
    ASSERT_TRUE(view.has_value());
    const auto parsed = parse_video(*view);
    ASSERT_TRUE(parsed.has_value());
    ASSERT_EQ(parsed->video, video);
    ASSERT_EQ(parsed->data.size(), 3U);
    ASSERT_EQ(parsed->data[0], 7);
  }
}

}  // namespace
}  // namespace rp::wire
