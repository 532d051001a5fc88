// Goal: text typed as key presses reads the same at the client. Method: plan random and chosen
// texts, decode the strokes with a client's xkb from the keymap's text alone, compare.
#include "engine/capture/seat/typing.h"

#include <array>
#include <random>

#include <gtest/gtest.h>

namespace rp {
namespace {

std::string encode(char32_t c) {
  std::array<char, 8> buffer{};
  const int n = xkb_keysym_to_utf8(xkb_utf32_to_keysym(c), buffer.data(), buffer.size());
  return n > 1 ? std::string(buffer.data()) : std::string();
}

// What a client makes of the runs.
std::string decode(const std::vector<TypingRun>& runs, const Keymap& layout) {
  const XkbContext context(xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES));
  std::string out;
  for (const TypingRun& run : runs) {
    XkbKeymap keymap;
    if (run.keymap_text.empty()) {
      keymap.reset(xkb_keymap_ref(layout.handle()));
    } else {
      keymap.reset(xkb_keymap_new_from_string(context.get(), run.keymap_text.c_str(),
                                              XKB_KEYMAP_FORMAT_TEXT_V1,
                                              XKB_KEYMAP_COMPILE_NO_FLAGS));
    }
    EXPECT_TRUE(keymap) << run.keymap_text;
    if (!keymap) return out;
    const XkbState state(xkb_state_new(keymap.get()));
    for (const KeyStroke& stroke : run.strokes) {
      xkb_state_update_mask(state.get(), stroke.modifiers, 0, 0, 0, 0, 0);
      std::array<char, 16> text{};
      xkb_state_key_get_utf8(state.get(), stroke.evdev_code + kXkbKeyOffset, text.data(),
                             text.size());
      out += text.data();
    }
  }
  return out;
}

std::unique_ptr<Keymap> layout(const char* name) {
  auto made = Keymap::create(name);
  RP_CHECK(made);
  return std::move(*made);
}

TEST(Typing, PlainTextNeedsNoKeymap) {
  const auto us = layout("us");
  const auto runs = plan_typing("Hello, World!\tls -l\n", *us);
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_TRUE(runs[0].keymap_text.empty());
  EXPECT_EQ(decode(runs, *us), "Hello, World!\tls -l\r");
}

TEST(Typing, CharactersTheLayoutLacksGetAKeymap) {
  const auto us = layout("us");
  const std::string text = "Grüße, 世界 🙂 é";
  const auto runs = plan_typing(text, *us);
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_FALSE(runs[0].keymap_text.empty());
  EXPECT_EQ(decode(runs, *us), text);
}

TEST(Typing, LineEndsAreOnePress) {
  const auto us = layout("us");
  EXPECT_EQ(decode(plan_typing("a\r\nb\nc\r\n\r\n", *us), *us), "a\rb\rc\r\r");
}

TEST(Typing, LeavesOutControlsAndMalformedBytes) {
  const auto us = layout("us");
  EXPECT_EQ(decode(plan_typing("a\x1b[\x7f\xff\xc0\x80\xed\xa0\x80z", *us), *us), "a[z");
  EXPECT_TRUE(plan_typing("\x01\x02", *us).empty());
  EXPECT_TRUE(plan_typing("", *us).empty());
}

// Property: for any text of many scripts, what the client reads is what was typed.
TEST(Typing, RandomUnicodeReadsTheSame) {
  std::mt19937 random(20261121);
  const std::array<std::unique_ptr<Keymap>, 3> layouts = {layout("us"), layout("de"),
                                                          layout("us(intl)")};
  constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 8> kRanges = {{{0x20, 0x7E},
                                                                               {0xA1, 0x17F},
                                                                               {0x370, 0x3FF},
                                                                               {0x400, 0x4FF},
                                                                               {0x5D0, 0x5EA},
                                                                               {0x4E00, 0x9FFF},
                                                                               {0xAC00, 0xD7A3},
                                                                               {0x1F300, 0x1FAFF}}};
  for (int round = 0; round < 300; ++round) {
    std::string text;
    const auto length = std::uniform_int_distribution<int>(1, 200)(random);
    for (int i = 0; i < length; ++i) {
      const auto& range = kRanges[std::uniform_int_distribution<std::size_t>(0, 7)(random)];
      text +=
          encode(std::uniform_int_distribution<std::uint32_t>(range.first, range.second)(random));
    }
    const auto& keymap = *layouts[static_cast<std::size_t>(round) % layouts.size()];
    const auto runs = plan_typing(text, keymap);
    ASSERT_EQ(decode(runs, keymap), text) << "round " << round;
    for (const TypingRun& run : runs) ASSERT_LT(run.keymap_text.size(), 16'384U);
  }
}

TEST(Utf8, PrefixCutsNoCharacter) {
  EXPECT_EQ(utf8_prefix("aé", 3), "aé");
  EXPECT_EQ(utf8_prefix("aé", 2), "a");
  EXPECT_EQ(utf8_prefix("🙂", 3), "");
}

TEST(Utf8, ValidatesAsRfc3629Does) {
  EXPECT_TRUE(is_utf8("plain é 世 🙂"));
  EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3)));
  for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

}  // namespace
}  // namespace rp
