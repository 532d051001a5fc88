// Goal: layouts named by a client become keymaps every Wayland client may map and none may change.
// Method: compile real layouts of xkb-data, map the file the two ways clients do, try to write to
// it.
#include "engine/capture/seat/keymap.h"

#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <sys/mman.h>

#include <gtest/gtest.h>

namespace rp {
namespace {

TEST(ParseLayout, SplitsLayoutAndVariant) {
  const auto plain = parse_layout("de");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->layout, "de");
  EXPECT_EQ(plain->variant, "");
  const auto both = parse_layout("us(intl)");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->layout, "us");
  EXPECT_EQ(both->variant, "intl");
}

TEST(ParseLayout, RefusesWhatIsNoName) {
  for (const char* bad : {"", "(intl)", "us(", "us()", "us(intl", "us)", "../etc", "us,de", "us:2",
                          "a%s", "thisnameislongerthanthirtytwocharacters"}) {
    const auto parsed = parse_layout(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
    EXPECT_NE(parsed.error().operation.find("xkb_layout"), std::string::npos);
  }
}

TEST(KeymapTest, UnknownLayoutIsInvalid) {
  const auto made = Keymap::create("zz");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
}

TEST(KeymapTest, FileIsMappableBothWaysAndSealed) {
  const auto keymap = Keymap::create("us");
  ASSERT_TRUE(keymap);
  const KeymapFile& file = (*keymap)->file();
  for (const int flags : {MAP_PRIVATE, MAP_SHARED}) {
    void* memory = mmap(nullptr, file.size_bytes, PROT_READ, flags, file.fd.get(), 0);
    ASSERT_NE(memory, MAP_FAILED);
    EXPECT_EQ(static_cast<const char*>(memory)[file.size_bytes - 1], '\0');
    munmap(memory, file.size_bytes);
  }
  EXPECT_LT(write(file.fd.get(), "x", 1), 0);
  const UniqueFd again(
      open(("/proc/self/fd/" + std::to_string(file.fd.get())).c_str(), O_RDWR | O_CLOEXEC));
  if (again) {
    EXPECT_LT(pwrite(again.get(), "x", 1, 0), 0);
    EXPECT_NE(ftruncate(again.get(), 1), 0);
  }
}

struct Expectation {
  const char* layout;
  char32_t character;
  std::uint32_t code;
};

class Strokes : public testing::TestWithParam<Expectation> {};

TEST_P(Strokes, AreWhereTheLayoutHasThem) {
  const auto keymap = Keymap::create(GetParam().layout);
  ASSERT_TRUE(keymap);
  const auto stroke = (*keymap)->stroke_for(GetParam().character);
  ASSERT_TRUE(stroke);
  EXPECT_EQ(stroke->evdev_code, GetParam().code);
  const XkbState state = (*keymap)->new_state();
  xkb_state_update_mask(state.get(), stroke->modifiers, 0, 0, 0, 0, 0);
  EXPECT_EQ(static_cast<char32_t>(
                xkb_state_key_get_utf32(state.get(), stroke->evdev_code + kXkbKeyOffset)),
            GetParam().character);
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, Strokes,
    testing::Values(Expectation{"us", U'a', KEY_A}, Expectation{"us", U'A', KEY_A},
                    Expectation{"us", U'?', KEY_SLASH}, Expectation{"de", U'z', KEY_Y},
                    Expectation{"de", U'ü', KEY_LEFTBRACE}, Expectation{"de", U'€', KEY_E},
                    Expectation{"de", U'@', KEY_Q}, Expectation{"us(intl)", U'é', KEY_E},
                    Expectation{"us(intl)", U'\'', KEY_APOSTROPHE}));

TEST(KeymapTest, LacksWhatTheLayoutLacks) {
  const auto keymap = Keymap::create("us");
  ASSERT_TRUE(keymap);
  EXPECT_FALSE((*keymap)->stroke_for(U'ü'));
  EXPECT_FALSE((*keymap)->stroke_for(U'中'));
}

}  // namespace
}  // namespace rp
