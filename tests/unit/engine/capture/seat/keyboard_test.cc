// Goal: keys, modifiers and layouts reach the focused client as wl_keyboard says, and text typed
// into a client without text input reads the same there. Method: real clients that decode with
// their own xkb.
#include <linux/input-event-codes.h>

#include <random>

#include <gtest/gtest.h>

#include "tests/unit/engine/capture/seat/phone.h"

namespace rp::test {
namespace {

class KeyboardTest : public testing::Test {
 protected:
  void SetUp() override {
    client_ = std::make_unique<Client>(phone_);
    client_->open_window("a");
    client_->log.clear();
  }
  Display& display() { return phone_.display(); }
  void strike(std::uint32_t code) {
    display().key(code, true);
    display().key(code, false);
  }

  Phone phone_;
  std::unique_ptr<Client> client_;
};

TEST_F(KeyboardTest, CapabilitiesAreAllThere) {
  Client fresh(phone_);
  wl_seat* seat = fresh.seat;
  ASSERT_NE(seat, nullptr);
  EXPECT_EQ(wl_seat_get_version(seat), 8U);
  EXPECT_TRUE(fresh.logged("keyboard.keymap"));
  EXPECT_TRUE(fresh.logged("keyboard.repeat_info"));
}

TEST_F(KeyboardTest, KeysWithModifiers) {
  strike(KEY_A);
  display().key(KEY_LEFTSHIFT, true);
  strike(KEY_A);
  display().key(KEY_LEFTSHIFT, false);
  strike(KEY_CAPSLOCK);
  strike(KEY_B);
  phone_.settle();
  EXPECT_EQ(client_->typed, "aAB");
}

TEST_F(KeyboardTest, FocusMovesWithPressedKeys) {
  display().key(KEY_LEFTSHIFT, true);
  phone_.settle();
  Client other(phone_);
  other.open_window("b");
  EXPECT_TRUE(client_->logged("keyboard.leave a"));
  EXPECT_TRUE(other.logged("keyboard.enter b 42"));
  strike(KEY_X);
  phone_.settle();
  EXPECT_EQ(other.typed, "X");
  EXPECT_EQ(client_->typed, "");
}

TEST_F(KeyboardTest, UnpairedAndUnknownKeysAreLeftOut) {
  display().key(KEY_A, false);
  display().key(0, true);
  display().key(100'000, true);
  display().key(KEY_A, true);
  display().key(KEY_A, true);
  phone_.settle();
  EXPECT_EQ(client_->count("keyboard.key"), 1U);
  display().release_input();
  phone_.settle();
  EXPECT_EQ(client_->count("keyboard.key 30 0"), 1U);
}

TEST_F(KeyboardTest, LayoutChangesLive) {
  strike(KEY_Y);
  phone_.settle();
  ASSERT_TRUE(display().set_layout("de"));
  strike(KEY_Y);
  strike(KEY_LEFTBRACE);
  phone_.settle();
  ASSERT_TRUE(display().set_layout("us(intl)"));
  display().key(KEY_RIGHTALT, true);
  strike(KEY_E);
  display().key(KEY_RIGHTALT, false);
  phone_.settle();
  EXPECT_EQ(client_->typed, "yzüé");
}

TEST_F(KeyboardTest, BadLayoutKeepsTheOldOne) {
  const Status refused = display().set_layout("zz(nothing)");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  strike(KEY_Y);
  phone_.settle();
  EXPECT_EQ(client_->typed, "y");
}

TEST_F(KeyboardTest, TypesTextOfTheLayout) {
  display().commit_text("Hello, World!");
  ASSERT_TRUE(phone_.until([&] { return client_->typed == "Hello, World!"; }));
  EXPECT_FALSE(client_->logged("keyboard.keymap"));
}

TEST_F(KeyboardTest, TypesAnythingAndRestoresTheKeymap) {
  display().commit_text("Zoë 世界 🙂");
  ASSERT_TRUE(phone_.until([&] { return client_->typed == "Zoë 世界 🙂"; }));
  strike(KEY_Y);
  phone_.settle();
  EXPECT_EQ(client_->typed, "Zoë 世界 🙂y");
  EXPECT_EQ(client_->count("keyboard.keymap"), 2U);
}

TEST_F(KeyboardTest, LockedModifiersDoNotChangeTypedText) {
  strike(KEY_CAPSLOCK);
  display().commit_text("abc");
  ASSERT_TRUE(phone_.until([&] { return client_->typed == "abc"; }));
  strike(KEY_A);
  phone_.settle();
  EXPECT_EQ(client_->typed, "abcA");
}

TEST_F(KeyboardTest, KeysAfterTextStayAfterIt) {
  display().commit_text(std::string(500, 'x') + "é");
  strike(KEY_Y);
  ASSERT_TRUE(phone_.until([&] { return client_->typed.ends_with("y"); }));
  EXPECT_EQ(client_->typed, std::string(500, 'x') + "éy");
}

TEST_F(KeyboardTest, TextKeysAndLayoutsKeepTheirOrder) {
  const std::string text(300, 'x');
  display().commit_text(text + "世");
  strike(KEY_Y);
  ASSERT_TRUE(display().set_layout("de"));
  strike(KEY_Y);
  display().commit_text("ü");
  display().key(KEY_LEFTSHIFT, true);
  display().release_input();
  const std::string expected = text + "世yzü";
  ASSERT_TRUE(phone_.until([&] { return client_->typed.size() >= expected.size(); }));
  EXPECT_EQ(client_->typed, expected);
  phone_.settle();
  EXPECT_TRUE(client_->log.back().starts_with("keyboard.modifiers 0 0 0"));
}

TEST_F(KeyboardTest, TextThatIsNotReadWaitsInSmallSteps) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += "é";
  display().commit_text(text);
  strike(KEY_Y);
  phone_.loop().run_once(Duration(0));  // the client reads nothing meanwhile
  phone_.loop().run_once(Duration(0));
  ASSERT_TRUE(phone_.until([&] { return client_->typed.ends_with("y"); }));
  EXPECT_EQ(client_->typed, text + "y");
  EXPECT_FALSE(client_->failed());
}

TEST_F(KeyboardTest, LongRandomTextArrivesWhole) {
  std::mt19937 random(7);
  std::u32string source;
  std::string text;
  for (int i = 0; i < 1'300; ++i) {
    const auto c = std::uniform_int_distribution<std::uint32_t>(0x4E00, 0x9FFF)(random);
    text += static_cast<char>(0xE0 | (c >> 12));
    text += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (c & 0x3F));
  }
  display().commit_text(text);
  ASSERT_TRUE(phone_.until([&] { return client_->typed.size() >= text.size(); }));
  EXPECT_EQ(client_->typed, text);
  EXPECT_FALSE(client_->failed());
}

TEST_F(KeyboardTest, TextWithoutFocusIsDropped) {
  client_.reset();
  phone_.settle();
  display().commit_text("lost");
  strike(KEY_A);
  phone_.settle();
  Client other(phone_);
  other.open_window("b");
  phone_.settle();
  EXPECT_EQ(other.typed, "");
}

}  // namespace
}  // namespace rp::test
