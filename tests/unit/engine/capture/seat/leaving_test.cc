// Goal: clients may leave at any moment, with anything of theirs in use, and cost the display
// nothing. Method: connections are cut while buffers, focus, selections and text input are theirs;
// the display then serves another client.
#include <linux/input-event-codes.h>

#include <algorithm>

#include <gtest/gtest.h>

#include "protocol/text-input-unstable-v3-client.h"
#include "tests/unit/engine/capture/seat/phone.h"

namespace rp::test {
namespace {

class LeavingTest : public testing::Test {
 protected:
  void expect_works() {
    Client next(phone_);
    next.open_window("next");
    phone_.display().pointer_motion(5, 5);
    phone_.display().key(KEY_A, true);
    phone_.display().key(KEY_A, false);
    phone_.settle();
    EXPECT_TRUE(next.logged("pointer.enter next 5 5"));
    EXPECT_EQ(next.typed, "a");
  }

  Phone phone_;
};

// Objects of a client are destroyed in the order of their ids: the buffer goes while the surface
// still shows it.
TEST_F(LeavingTest, WithABufferOlderThanItsSurface) {
  auto client = std::make_unique<Client>(phone_);
  wl_buffer* buffer = client->make_buffer(20, 20, 0xFF00FF00);
  Window* window = client->open_window("a");
  wl_surface_attach(window->surface, buffer, 0, 0);
  wl_surface_commit(window->surface);
  phone_.settle();
  EXPECT_FALSE(phone_.display().take_scene().layers.empty());
  client.reset();
  phone_.settle();
  EXPECT_TRUE(phone_.display().take_scene().layers.empty());
  expect_works();
}

TEST_F(LeavingTest, WithSeveralFocusedWindows) {
  Client staying(phone_);
  staying.open_window("staying");
  auto client = std::make_unique<Client>(phone_);
  for (const char* name : {"a", "b", "c"}) client->open_window(name);
  zwp_text_input_v3* input =
      zwp_text_input_manager_v3_get_text_input(client->text_input_manager, client->seat);
  zwp_text_input_v3_enable(input);
  zwp_text_input_v3_commit(input);
  phone_.display().set_clipboard("text");
  phone_.display().pointer_motion(10, 10);
  phone_.display().pointer_button(PointerButton::kLeft, true);
  phone_.display().touch_down(0, 10, 10);
  phone_.display().key(KEY_LEFTCTRL, true);
  phone_.settle();
  client.reset();
  phone_.settle();
  EXPECT_TRUE(staying.logged("keyboard.enter staying 29"));
  phone_.display().release_input();
  phone_.settle();
  EXPECT_FALSE(staying.failed());
  expect_works();
}

TEST_F(LeavingTest, DestroyedWindowIsLeftBeforeTheNextIsEntered) {
  Client client(phone_);
  client.open_window("below");
  phone_.display().pointer_motion(10, 10);
  Window* window = client.open_window("above");
  ASSERT_TRUE(client.logged("pointer.enter above"));
  client.log.clear();
  client.close_window(*window);
  phone_.settle();
  const std::vector<std::string>& log = client.log;
  const auto left = std::ranges::find(log, "pointer.leave -");
  const auto entered = std::ranges::find(log, "pointer.enter below 10 10");
  ASSERT_NE(left, log.end());
  ASSERT_NE(entered, log.end());
  EXPECT_LT(left, entered);
}

TEST_F(LeavingTest, InTheMiddleOfTypedText) {
  auto client = std::make_unique<Client>(phone_);
  client->open_window("a");
  std::string text;
  for (int i = 0; i < 300; ++i) text += "世";
  phone_.display().commit_text(text);
  phone_.turn();
  client.reset();
  phone_.settle();
  expect_works();
}

}  // namespace
}  // namespace rp::test
