// Goal: copying works both ways between viewer and clients, among clients, and by drag and drop;
// sources that are huge, stalled or gone cost nothing. Method: real clients with real pipes on a
// whole display.
#include <linux/input-event-codes.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include <gtest/gtest.h>

#include "engine/capture/seat/transfer.h"
#include "protocol/primary-selection-unstable-v1-client.h"
#include "tests/unit/engine/capture/seat/phone.h"

namespace rp::test {
namespace {

constexpr const char* kText = "text/plain;charset=utf-8";

// A client's data source: answers as told.
struct Source {
  explicit Source(Client& c)
      : client(c), resource(wl_data_device_manager_create_data_source(c.data_manager)) {
    static constexpr wl_data_source_listener kListener = {
        .target = [](void* d, wl_data_source*,
                     const char* t) { self(d).target = t == nullptr ? "" : t; },
        .send =
            [](void* d, wl_data_source*, const char* type, std::int32_t fd) {
              self(d).asked.emplace_back(type);
              self(d).sink = UniqueFd(fd);
              if (self(d).answer) self(d).give(*self(d).answer);
            },
        .cancelled = [](void* d, wl_data_source*) { self(d).cancelled = true; },
        .dnd_drop_performed = [](void* d, wl_data_source*) { self(d).dropped = true; },
        .dnd_finished = [](void* d, wl_data_source*) { self(d).finished = true; },
        .action = [](void* d, wl_data_source*, std::uint32_t a) { self(d).action = a; }};
    wl_data_source_add_listener(resource, &kListener, this);
  }
  static Source& self(void* d) { return *static_cast<Source*>(d); }
  void give(const std::string& bytes) {
    EXPECT_EQ(write(sink.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    sink.reset();
  }

  Client& client;
  wl_data_source* resource;
  std::optional<std::string> answer;
  UniqueFd sink;
  std::vector<std::string> asked;
  std::string target;
  std::uint32_t action = 0;
  bool cancelled = false;
  bool dropped = false;
  bool finished = false;
};

class SelectionTest : public testing::Test {
 protected:
  void SetUp() override {
    client_ = std::make_unique<Client>(phone_);
    window_ = client_->open_window("a");
    strike(KEY_A);
  }
  Display& display() { return phone_.display(); }
  void strike(std::uint32_t code) {
    display().key(code, true);
    display().key(code, false);
    phone_.settle();
  }
  void select(Source& source, const char* type = kText) {
    wl_data_source_offer(source.resource, type);
    wl_data_device_set_selection(source.client.data_device, source.resource, source.client.serial);
    phone_.settle();
  }
  std::string receive(Client& client, const char* type = kText) {
    auto pipe = create_transfer_pipe();
    wl_data_offer_receive(client.selection, type, pipe->write.get());
    client.pump();
    pipe->write.reset();
    std::string out;
    std::string buffer(65'536, '\0');
    EXPECT_TRUE(phone_.until([&] {
      const ssize_t n = read(pipe->read.get(), buffer.data(), buffer.size());
      if (n > 0) out.append(buffer, 0, static_cast<std::size_t>(n));
      return n == 0;
    }));
    return out;
  }

  Phone phone_;
  std::unique_ptr<Client> client_;
  Window* window_ = nullptr;
};

TEST_F(SelectionTest, CopiedInThePhoneReachesTheViewer) {
  Source source(*client_);
  source.answer = "from the phone: ü";
  select(source);
  ASSERT_TRUE(phone_.until([&] { return !phone_.clipboards.empty(); }));
  EXPECT_EQ(phone_.clipboards[0], "from the phone: ü");
  EXPECT_EQ(source.asked, std::vector<std::string>{kText});
}

TEST_F(SelectionTest, ViewersTextReachesClients) {
  const std::string text(limits::kMaxClipboardBytes, 'v');
  display().set_clipboard(text);
  phone_.settle();
  ASSERT_NE(client_->selection, nullptr);
  EXPECT_NE(std::ranges::find(client_->offered, "UTF8_STRING"), client_->offered.end());
  EXPECT_EQ(receive(*client_), text);
  EXPECT_EQ(receive(*client_, "text/plain"), text);
  EXPECT_EQ(receive(*client_, "image/png"), "") << "not offered: closed at once";
  EXPECT_TRUE(phone_.clipboards.empty()) << "no echo";
}

TEST_F(SelectionTest, ViewersTextReplacesTheClients) {
  Source source(*client_);
  select(source);
  display().set_clipboard("new");
  phone_.settle();
  EXPECT_TRUE(source.cancelled);
}

TEST_F(SelectionTest, NextFocusedClientIsOfferedIt) {
  Source source(*client_);
  select(source);
  source.answer = "between clients";
  Client other(phone_);
  other.open_window("b");
  phone_.settle();
  ASSERT_NE(other.selection, nullptr);
  EXPECT_EQ(receive(other), "between clients");
}

TEST_F(SelectionTest, ClientThatGoesClearsIt) {
  Source source(*client_);
  select(source);
  Client other(phone_);
  other.open_window("b");
  phone_.settle();
  ASSERT_NE(other.selection, nullptr);
  client_.reset();
  phone_.settle();
  EXPECT_EQ(other.selection, nullptr);
}

TEST_F(SelectionTest, HugeSourceIsGivenUp) {
  Source source(*client_);
  select(source);
  ASSERT_TRUE(source.sink);
  const std::string block(64 * 1024, 'x');
  bool open = true;
  for (int i = 0; i < 64 && open; ++i) {
    open = write(source.sink.get(), block.data(), block.size()) > 0;
    phone_.turn();
  }
  EXPECT_FALSE(open) << "the engine stops reading";
  EXPECT_TRUE(phone_.clipboards.empty());
}

TEST_F(SelectionTest, StalledSourceIsGivenUpAndTheNextOneWorks) {
  Source stalled(*client_);
  select(stalled);
  ASSERT_TRUE(stalled.sink);
  phone_.clock().advance(kTransferDeadline);
  phone_.settle();
  EXPECT_LT(write(stalled.sink.get(), "x", 1), 0) << "the engine has closed its end";
  Source next(*client_);
  next.answer = "next";
  select(next);
  ASSERT_TRUE(phone_.until([&] { return !phone_.clipboards.empty(); }));
  EXPECT_EQ(phone_.clipboards.back(), "next");
}

TEST_F(SelectionTest, NewerSelectionOvertakesAStalledOne) {
  Source stalled(*client_);
  select(stalled);
  Source next(*client_);
  next.answer = "next";
  select(next);
  ASSERT_TRUE(phone_.until([&] { return !phone_.clipboards.empty(); }));
  EXPECT_TRUE(stalled.cancelled);
  EXPECT_EQ(phone_.clipboards, std::vector<std::string>{"next"});
}

TEST_F(SelectionTest, WhatIsNoTextIsLeftInThePhone) {
  Source image(*client_);
  select(image, "image/png");
  Source latin(*client_);
  latin.answer = "\xe9t\xe9";
  select(latin, "text/plain");
  phone_.settle();
  EXPECT_TRUE(image.asked.empty());
  EXPECT_TRUE(phone_.clipboards.empty());
}

TEST_F(SelectionTest, MadeUpSerialsAreRefused) {
  Source source(*client_);
  wl_data_source_offer(source.resource, kText);
  wl_data_device_set_selection(client_->data_device, source.resource, client_->serial + 1000);
  phone_.settle();
  EXPECT_TRUE(source.cancelled);
  EXPECT_TRUE(source.asked.empty());
}

TEST_F(SelectionTest, TooManyTypesEndTheClient) {
  Source source(*client_);
  for (std::size_t i = 0; i <= limits::kMaxMimeTypes; ++i) {
    wl_data_source_offer(source.resource, ("text/x" + std::to_string(i)).c_str());
  }
  phone_.settle();
  EXPECT_TRUE(client_->failed());
}

TEST_F(SelectionTest, OverlongTypeEndsTheClient) {
  Source source(*client_);
  wl_data_source_offer(source.resource, std::string(limits::kMaxMimeTypeBytes + 1, 't').c_str());
  phone_.settle();
  EXPECT_TRUE(client_->failed());
}

TEST_F(SelectionTest, PrimaryStaysInThePhone) {
  zwp_primary_selection_device_v1* device =
      zwp_primary_selection_device_manager_v1_get_device(client_->primary_manager, client_->seat);
  static constexpr auto none = [](auto...) {};
  static constexpr zwp_primary_selection_offer_v1_listener kOffer = {.offer = none};
  static constexpr zwp_primary_selection_device_v1_listener kDevice = {
      .data_offer =
          [](void* d, zwp_primary_selection_device_v1*, zwp_primary_selection_offer_v1* o) {
            zwp_primary_selection_offer_v1_add_listener(o, &kOffer, d);
          },
      .selection =
          [](void* d, zwp_primary_selection_device_v1*, zwp_primary_selection_offer_v1* o) {
            *static_cast<zwp_primary_selection_offer_v1**>(d) = o;
          }};
  zwp_primary_selection_offer_v1* offer = nullptr;
  zwp_primary_selection_device_v1_add_listener(device, &kDevice, &offer);
  zwp_primary_selection_source_v1* source =
      zwp_primary_selection_device_manager_v1_create_source(client_->primary_manager);
  static constexpr zwp_primary_selection_source_v1_listener kSource = {
      .send =
          [](void*, zwp_primary_selection_source_v1*, const char*, std::int32_t fd) {
            EXPECT_EQ(write(fd, "marked", 6), 6);
            close(fd);
          },
      .cancelled = none};
  zwp_primary_selection_source_v1_add_listener(source, &kSource, nullptr);
  zwp_primary_selection_source_v1_offer(source, kText);
  zwp_primary_selection_device_v1_set_selection(device, source, client_->serial);
  phone_.settle();
  ASSERT_NE(offer, nullptr);
  auto pipe = create_transfer_pipe();
  zwp_primary_selection_offer_v1_receive(offer, kText, pipe->write.get());
  client_->pump();
  pipe->write.reset();
  std::array<char, 16> got{};
  EXPECT_TRUE(phone_.until([&] { return read(pipe->read.get(), got.data(), got.size()) == 6; }));
  EXPECT_STREQ(got.data(), "marked");
  EXPECT_TRUE(phone_.clipboards.empty());
}

class DragTest : public SelectionTest {
 protected:
  void begin(Source& source) {
    wl_data_source_offer(source.resource, kText);
    wl_data_source_set_actions(source.resource, WL_DATA_DEVICE_MANAGER_DND_ACTION_COPY |
                                                    WL_DATA_DEVICE_MANAGER_DND_ACTION_MOVE);
    wl_data_device_start_drag(client_->data_device, source.resource, window_->surface, nullptr,
                              client_->serial);
    phone_.settle();
  }
  void accept() {
    wl_data_offer_accept(client_->offer, client_->serial, kText);
    wl_data_offer_set_actions(client_->offer, WL_DATA_DEVICE_MANAGER_DND_ACTION_MOVE,
                              WL_DATA_DEVICE_MANAGER_DND_ACTION_MOVE);
    phone_.settle();
  }
};

TEST_F(DragTest, PointerDragDropsAndFinishes) {
  Source source(*client_);
  display().pointer_motion(10, 20);
  display().pointer_button(PointerButton::kLeft, true);
  phone_.settle();
  begin(source);
  EXPECT_TRUE(client_->logged("pointer.leave a"));
  EXPECT_TRUE(client_->logged("drag.enter a 10 20 offer"));
  display().pointer_motion(30, 40);
  phone_.settle();
  EXPECT_TRUE(client_->logged("drag.motion 30 40"));
  accept();
  EXPECT_EQ(source.target, kText);
  EXPECT_EQ(source.action, WL_DATA_DEVICE_MANAGER_DND_ACTION_MOVE);
  EXPECT_TRUE(client_->logged("offer.action 2"));
  display().pointer_button(PointerButton::kLeft, false);
  phone_.settle();
  EXPECT_TRUE(client_->logged("drag.drop"));
  EXPECT_TRUE(source.dropped);
  wl_data_offer_finish(client_->offer);
  phone_.settle();
  EXPECT_TRUE(source.finished);
  EXPECT_FALSE(source.cancelled);
  EXPECT_FALSE(client_->failed());
  EXPECT_TRUE(client_->log.back().starts_with("pointer.")) << "the pointer is back";
}

TEST_F(DragTest, TouchDragCancelsTheTouch) {
  Source source(*client_);
  display().touch_down(2, 10, 20);
  display().touch_frame();
  phone_.settle();
  begin(source);
  EXPECT_TRUE(client_->logged("touch.cancel"));
  display().touch_motion(2, 50, 60);
  phone_.settle();
  EXPECT_TRUE(client_->logged("drag.motion 50 60"));
  display().touch_up(2);
  phone_.settle();
  EXPECT_TRUE(source.cancelled) << "nobody accepted it";
  EXPECT_TRUE(client_->logged("drag.leave"));
}

TEST_F(DragTest, NeedsTheGrabsSerial) {
  Source source(*client_);
  display().pointer_motion(10, 20);
  phone_.settle();
  begin(source);
  EXPECT_TRUE(source.cancelled);
  EXPECT_FALSE(client_->logged("drag.enter"));
}

TEST_F(DragTest, SourceThatGoesEndsTheDrag) {
  Source source(*client_);
  display().pointer_motion(10, 20);
  display().pointer_button(PointerButton::kLeft, true);
  phone_.settle();
  begin(source);
  wl_data_source_destroy(source.resource);
  phone_.settle();
  EXPECT_TRUE(client_->logged("drag.leave"));
  display().pointer_button(PointerButton::kLeft, false);
  display().pointer_motion(11, 20);
  phone_.settle();
  EXPECT_FALSE(client_->failed());
}

TEST_F(DragTest, ClientThatGoesEndsTheDrag) {
  Source source(*client_);
  display().pointer_motion(10, 20);
  display().pointer_button(PointerButton::kLeft, true);
  phone_.settle();
  begin(source);
  client_.reset();
  phone_.settle();
  display().pointer_motion(11, 20);
  display().pointer_button(PointerButton::kLeft, false);
  phone_.settle();
}

TEST_F(DragTest, FinishWithoutDropIsAnError) {
  Source source(*client_);
  display().pointer_motion(10, 20);
  display().pointer_button(PointerButton::kLeft, true);
  phone_.settle();
  begin(source);
  wl_data_offer_finish(client_->offer);
  phone_.settle();
  EXPECT_TRUE(client_->failed());
}

}  // namespace
}  // namespace rp::test
