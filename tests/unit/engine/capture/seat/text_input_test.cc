// Goal: composed text goes to the focused client's enabled text input and its state to the viewer,
// as zwp_text_input_v3 says. Method: real clients on a whole display.
#include <gtest/gtest.h>

#include "protocol/text-input-unstable-v3-client.h"
#include "tests/unit/engine/capture/seat/phone.h"

namespace rp::test {
namespace {

struct Input {
  explicit Input(Client& client)
      : resource(zwp_text_input_manager_v3_get_text_input(client.text_input_manager, client.seat)) {
    static constexpr zwp_text_input_v3_listener kListener = {
        .enter = [](void* d, zwp_text_input_v3*, wl_surface*) { self(d).entered = true; },
        .leave = [](void* d, zwp_text_input_v3*, wl_surface*) { self(d).entered = false; },
        .preedit_string =
            [](void* d, zwp_text_input_v3*, const char* text, std::int32_t begin,
               std::int32_t end) {
              self(d).pending_preedit = text == nullptr ? "" : text;
              self(d).cursor = {begin, end};
            },
        .commit_string =
            [](void* d, zwp_text_input_v3*, const char* text) {
              self(d).pending_commit = text == nullptr ? "" : text;
            },
        .delete_surrounding_text = [](void*, zwp_text_input_v3*, std::uint32_t, std::uint32_t) {},
        .done =
            [](void* d, zwp_text_input_v3*, std::uint32_t serial) {
              self(d).committed += std::exchange(self(d).pending_commit, "");
              self(d).preedit = std::exchange(self(d).pending_preedit, "");
              self(d).done_serial = serial;
            }};
    zwp_text_input_v3_add_listener(resource, &kListener, this);
  }
  static Input& self(void* d) { return *static_cast<Input*>(d); }
  void enable(std::uint32_t purpose = ZWP_TEXT_INPUT_V3_CONTENT_PURPOSE_NORMAL) {
    zwp_text_input_v3_enable(resource);
    zwp_text_input_v3_set_content_type(resource, 0, purpose);
    zwp_text_input_v3_set_surrounding_text(resource, "around", 0, 0);
    zwp_text_input_v3_set_cursor_rectangle(resource, 10, 20, 2, 16);
    commit();
  }
  void commit() {
    zwp_text_input_v3_commit(resource);
    ++commits;
  }

  zwp_text_input_v3* resource;
  bool entered = false;
  std::string pending_preedit;
  std::string pending_commit;
  std::string preedit;
  std::string committed;
  std::pair<std::int32_t, std::int32_t> cursor;
  std::uint32_t done_serial = 0;
  std::uint32_t commits = 0;
};

class TextInputTest : public testing::Test {
 protected:
  void SetUp() override {
    client_ = std::make_unique<Client>(phone_);
    client_->open_window("a");
    input_ = std::make_unique<Input>(*client_);
    phone_.settle();
  }
  Display& display() { return phone_.display(); }

  Phone phone_{OutputMode{.size = {400, 600}, .scale_120 = 240, .refresh_mhz = 60'000}};
  std::unique_ptr<Client> client_;
  std::unique_ptr<Input> input_;
};

TEST_F(TextInputTest, StateReachesTheViewer) {
  EXPECT_TRUE(input_->entered);
  input_->enable(ZWP_TEXT_INPUT_V3_CONTENT_PURPOSE_EMAIL);
  phone_.settle();
  ASSERT_EQ(phone_.text_inputs.size(), 1U);
  EXPECT_TRUE(phone_.text_inputs[0].active);
  EXPECT_EQ(phone_.text_inputs[0].purpose, ZWP_TEXT_INPUT_V3_CONTENT_PURPOSE_EMAIL);
  EXPECT_EQ(phone_.text_inputs[0].caret, (Rect{20, 40, 4, 32})) << "in output pixels";
  zwp_text_input_v3_disable(input_->resource);
  input_->commit();
  phone_.settle();
  ASSERT_EQ(phone_.text_inputs.size(), 2U);
  EXPECT_FALSE(phone_.text_inputs[1].active);
}

TEST_F(TextInputTest, NothingCountsBeforeCommit) {
  zwp_text_input_v3_enable(input_->resource);
  phone_.settle();
  EXPECT_TRUE(phone_.text_inputs.empty());
  display().commit_text("k");
  ASSERT_TRUE(phone_.until([&] { return client_->typed == "k"; })) << "typed as keys instead";
}

TEST_F(TextInputTest, CommitAndPreedit) {
  input_->enable();
  phone_.settle();
  display().preedit_text("にほ", 3);
  phone_.settle();
  EXPECT_EQ(input_->preedit, "にほ");
  EXPECT_EQ(input_->cursor, (std::pair{3, 3}));
  EXPECT_EQ(input_->done_serial, input_->commits);
  display().preedit_text("にほ", 4);
  phone_.settle();
  EXPECT_EQ(input_->cursor, (std::pair{3, 3})) << "never inside a character";
  display().commit_text("日本");
  phone_.settle();
  EXPECT_EQ(input_->committed, "日本");
  EXPECT_EQ(input_->preedit, "");
  EXPECT_EQ(client_->typed, "");
}

TEST_F(TextInputTest, LongTextIsCutBetweenCharacters) {
  input_->enable();
  phone_.settle();
  std::string text;
  while (text.size() < limits::kMaxTextBytes * 2) text += "日本";
  display().commit_text(text);
  display().preedit_text(text, -1);
  phone_.settle();
  EXPECT_EQ(input_->committed, text);
  EXPECT_FALSE(client_->failed());
}

TEST_F(TextInputTest, MalformedTextIsLeftOut) {
  input_->enable();
  phone_.settle();
  display().commit_text("\xff\xfe");
  phone_.settle();
  EXPECT_EQ(input_->committed, "");
}

TEST_F(TextInputTest, FollowsTheKeyboardsFocus) {
  input_->enable();
  phone_.settle();
  Client other(phone_);
  Input theirs(other);
  other.open_window("b");
  phone_.settle();
  EXPECT_FALSE(input_->entered);
  EXPECT_TRUE(theirs.entered);
  EXPECT_FALSE(phone_.text_inputs.back().active) << "enabled, but not in focus";
  theirs.enable();
  phone_.settle();
  display().commit_text("t");
  phone_.settle();
  EXPECT_EQ(theirs.committed, "t");
  EXPECT_EQ(input_->committed, "");
}

TEST_F(TextInputTest, DestroyedInputIsForgotten) {
  input_->enable();
  phone_.settle();
  zwp_text_input_v3_destroy(input_->resource);
  phone_.settle();
  EXPECT_FALSE(phone_.text_inputs.back().active);
}

}  // namespace
}  // namespace rp::test
