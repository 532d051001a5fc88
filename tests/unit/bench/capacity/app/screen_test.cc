// Goal: the workload app damages what it changes and nothing else, and painting only the damage
// gives the same picture as painting all of it. Method: a screen driven by hand on its own clock;
// after every step the picture made of damage is compared to one painted whole.
#include "bench/capacity/app/screen.h"

#include <linux/input-event-codes.h>

#include <vector>

#include <gtest/gtest.h>

// fontconfig keeps the patterns of fonts it has matched to the process's end.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig"; }

namespace rp {
namespace {

constexpr Size kSize{180, 320};
using std::chrono::milliseconds;

const LoadAssets& assets() {
  static const LoadAssets drawn = *LoadAssets::draw(kSize);
  return drawn;
}

class LoadScreenTest : public testing::Test {
 protected:
  LoadScreenTest() : pixels_(kPixels), screen_(assets(), kSize, 1) { step(Duration(0)); }

  void begin(Activity activity, bool caret = false) {
    screen_.begin_activity(activity, caret);
    screen_.show_waiting(now_);
    step(Duration(0));
  }
  // Moves time on, paints the damage, and gives it.
  Region step(Duration by) {
    now_ = now_ + by;
    screen_.advance(now_);
    Region damage = screen_.take_damage();
    for (const pixman_box32_t& box : damage.boxes())
      screen_.paint({kSize, pixels_.data()}, Region::rect_of(box));
    return damage;
  }
  void expect_whole() {
    std::vector<std::uint32_t> whole(pixels_);
    screen_.paint({kSize, whole.data()}, {0, 0, kSize.width, kSize.height});
    EXPECT_TRUE(whole == pixels_);
  }

  static constexpr std::size_t kPixels =
      static_cast<std::size_t>(kSize.width) * static_cast<std::size_t>(kSize.height);
  std::vector<std::uint32_t> pixels_;
  LoadScreen screen_;
  TimePoint now_{1'000'000};
};

TEST_F(LoadScreenTest, AStillPageWantsNothing) {
  begin(Activity::kIdle);
  EXPECT_FALSE(screen_.next_change(now_));
  EXPECT_TRUE(step(std::chrono::seconds(10)).empty());
}

TEST_F(LoadScreenTest, TheClockChangesOnlyTheStatusLine) {
  begin(Activity::kIdle);
  screen_.set_minute(754);
  const Region damage = step(Duration(0));
  EXPECT_FALSE(damage.empty());
  EXPECT_LE(damage.bounds().height, 40);
  expect_whole();
}

TEST_F(LoadScreenTest, ACaretBlinksEvery530ms) {
  begin(Activity::kIdle, true);
  ASSERT_TRUE(screen_.next_change(now_));
  EXPECT_EQ(*screen_.next_change(now_) - now_, kCaretBlink);
  const Region damage = step(kCaretBlink);
  EXPECT_LE(damage.area(), 2 * LoadAssets::kGlyph.height);
  EXPECT_FALSE(damage.empty());
  expect_whole();
}

TEST_F(LoadScreenTest, AKeyChangesItsCellAndTheCaret) {
  begin(Activity::kTyping);
  screen_.key(KEY_A, now_);
  const Region damage = step(Duration(0));
  EXPECT_FALSE(damage.empty());
  EXPECT_LE(damage.area(), 2 * LoadAssets::kGlyph.width * LoadAssets::kGlyph.height);
  expect_whole();
}

TEST_F(LoadScreenTest, TypingBeyondTheLastCellBeginsAnew) {
  begin(Activity::kTyping);
  for (int i = 0; i < 1000; ++i) {
    screen_.key(KEY_Q, now_);
    EXPECT_FALSE(step(milliseconds(1)).empty());
  }
  expect_whole();
}

TEST_F(LoadScreenTest, BubblesNeverFillThePage) {
  begin(Activity::kMessaging);
  for (int i = 0; i < 100; ++i) {
    screen_.key(KEY_W, now_);
    screen_.bubble();
    step(milliseconds(1));
  }
  expect_whole();
}

TEST_F(LoadScreenTest, AFlingMovesThePageAndComesToRest) {
  begin(Activity::kReading);
  screen_.touch_down(90, 250, now_);
  screen_.touch_move(150);
  EXPECT_FALSE(step(milliseconds(16)).empty());
  expect_whole();
  screen_.touch_up(now_);
  int frames = 0;
  while (screen_.next_change(now_) && frames < 1000) {
    step(milliseconds(16));
    ++frames;
  }
  expect_whole();
  // Fling::of_drag(100) is 1000 pixels a second: 0.91 s.
  EXPECT_NEAR(frames, 57, 3);
}

TEST_F(LoadScreenTest, FilmComesThirtyTimesASecondInItsPartOnly) {
  begin(Activity::kVideo);
  int frames = 0;
  for (int i = 0; i < 100; ++i) {
    const Region damage = step(milliseconds(10));
    if (damage.empty()) continue;
    ++frames;
    EXPECT_EQ(damage.bounds().height, kSize.width * 9 / 16);
  }
  EXPECT_NEAR(frames, 30, 1);
  expect_whole();
}

TEST_F(LoadScreenTest, ATapInTheNavigationBringsTheWaitingPageIn250ms) {
  begin(Activity::kIdle);
  screen_.begin_activity(Activity::kCamera, false);
  EXPECT_EQ(screen_.activity(), Activity::kIdle);
  screen_.touch_down(90, kSize.height - 2, now_);
  EXPECT_EQ(screen_.activity(), Activity::kCamera);
  int frames = 0;
  for (Duration gone{0}; gone < kSwitchAnimation + milliseconds(16); gone += milliseconds(16)) {
    if (!step(milliseconds(16)).empty()) ++frames;
  }
  EXPECT_GE(frames, 14);
  expect_whole();
}

}  // namespace
}  // namespace rp
