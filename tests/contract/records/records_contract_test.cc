// Goal: a stream whose TLS records somebody else takes over goes on without a break, ends in order
// and says what went wrong, as OpenSSL's own does; so for every RecordOffload, version and cipher.
// Method: the server is a TlsStream with the offload in its context, the client bare OpenSSL whose
// records the test holds. Waits on conditions, never on time.
#include <algorithm>
#include <functional>

#include <gtest/gtest.h>
#include <openssl/ssl3.h>

#include "engine/transport/offloaded_stream.h"
#include "engine/transport/tls_stream.h"
#include "tests/contract/records/kinds.h"
#include "tests/support/openssl_peer.h"
#include "tests/support/stream_end.h"
#include "tests/support/stream_pair.h"

namespace rp {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct Case {
  RecordKind kind;
  bool tls12;
  const char* cipher;
};

Bytes pattern(std::size_t size, unsigned seed) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 257 + seed);
  }
  return bytes;
}

void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

class RecordsContract : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    offload_ = GetParam().kind.make();
    tls_ = make_tls_pair(true, offload_.get());
    SocketPair sockets = make_tcp_pair();
    auto stream = TlsStream::accept(tls_.server, std::move(sockets.server));
    ASSERT_TRUE(stream.has_value());
    tls_stream_ = stream->get();
    server_ = std::make_unique<StreamEnd>(*loop_, std::move(*stream));
    peer_ = std::make_unique<OpenSslPeer>(std::move(sockets.client),
                                          OpenSslPeerOptions{GetParam().tls12, GetParam().cipher});
    // Records go both ways before anybody takes over.
    ASSERT_TRUE(until([&] { return peer_->connected(); }));
    exchange(1'000);
  }
  void TearDown() override {
    server_.reset();  // before the loop and the offload
  }
  bool until(const std::function<bool()>& condition) {
    const TimePoint deadline = clock_.now() + std::chrono::seconds(20);
    while (!condition()) {
      if (clock_.now() > deadline) return false;
      peer_->pump();
      loop_->run_once(Duration(500));
    }
    return true;
  }
  // `bytes` each way, and both sides have all of it in order.
  void exchange(std::size_t bytes) {
    const Bytes down = pattern(bytes, ++seed_);
    const Bytes up = pattern(bytes / 3 + 1, ++seed_);
    append(sent_down_, down);
    append(sent_up_, up);
    server_->send(down);
    peer_->send(up);
    ASSERT_TRUE(until([&] {
      return peer_->got.size() == sent_down_.size() && server_->got.size() == sent_up_.size();
    })) << peer_->error
        << (server_->ended ? server_->ended->message() : "");
    EXPECT_EQ(peer_->got, sent_down_);
    EXPECT_EQ(server_->got, sent_up_);
    EXPECT_EQ(peer_->error, "");
  }
  void take_over() {
    tls_stream_->expect_bulk();
    ASSERT_NE(tls_stream_->sent_by(), RecordCarrier::kProcess);
  }
  // The stream goes on as another process would: with the socket alone.
  void hand_over() {
    auto handed = tls_stream_->hand_over();
    ASSERT_TRUE(handed.has_value()) << handed.error().message();
    go_on_with(std::move(*handed));
  }
  void go_on_with(HandedStream handed) {
    auto stream = OffloadedStream::create(*offload_, std::move(handed));
    ASSERT_TRUE(stream.has_value());
    Bytes got = std::move(server_->got);
    tls_stream_ = nullptr;
    server_ = std::make_unique<StreamEnd>(*loop_, std::move(*stream));
    server_->got = std::move(got);
  }
  void expect_ended(ErrorCode code) {
    ASSERT_TRUE(until([&] { return server_->ended.has_value(); }));
    EXPECT_EQ(server_->ended->code, code) << server_->ended->message();
  }
  const TlsCounters& counters() { return tls_.server->counters(); }

  SystemClock clock_;
  std::shared_ptr<RecordOffload> offload_;
  TlsPair tls_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::create(clock_));
  std::unique_ptr<StreamEnd> server_;
  TlsStream* tls_stream_ = nullptr;
  std::unique_ptr<OpenSslPeer> peer_;
  Bytes sent_down_;
  Bytes sent_up_;
  unsigned seed_ = 0;
};

TEST_P(RecordsContract, TheStreamGoesOn) {
  take_over();
  exchange(1);
  exchange(1'000'000);
  tls_stream_->expect_bulk();  // again: nothing
  exchange(40'000);
  EXPECT_EQ(counters().by_kernel.value() + counters().by_card.value(), 1U);
  EXPECT_EQ(counters().by_process.value(), 0U);
}

TEST_P(RecordsContract, EndsInOrderBothWays) {
  take_over();
  ASSERT_TRUE(tls_stream_->finish_writing().has_value());
  ASSERT_TRUE(until([&] { return peer_->closed_in_order; }));
  EXPECT_FALSE(peer_->ended) << "reading goes on";
  peer_->close_notify();
  expect_ended(ErrorCode::kClosed);
}

TEST_P(RecordsContract, AnEndWithoutCloseNotifyIsNotInOrder) {
  take_over();
  peer_->drop();
  expect_ended(ErrorCode::kUnavailable);
}

TEST_P(RecordsContract, ATruncatedRecordIsNotInOrder) {
  take_over();
  peer_->send(pattern(5'000, 1));
  Bytes record = peer_->take_records();
  record.resize(record.size() / 2);
  peer_->send_raw(record);
  peer_->drop();
  expect_ended(ErrorCode::kUnavailable);
}

TEST_P(RecordsContract, AResetInTheMiddleIsSeen) {
  take_over();
  server_->send(pattern(20'000'000, 1));  // more than any socket takes
  for (int i = 0; i < 20; ++i) loop_->run_once(Duration(0));
  peer_->reset_connection();
  expect_ended(ErrorCode::kUnavailable);
}

TEST_P(RecordsContract, GarbageIsRefusedWithAnAlert) {
  take_over();
  peer_->send(pattern(100, 1));
  Bytes record = peer_->take_records();
  record[record.size() / 2] ^= 1;
  peer_->send_raw(record);
  expect_ended(ErrorCode::kInvalid);
  ASSERT_TRUE(until([&] { return peer_->alert.has_value(); }));
  EXPECT_EQ(*peer_->alert, SSL3_AD_BAD_RECORD_MAC);
  EXPECT_EQ(server_->got, sent_up_);
}

TEST_P(RecordsContract, ThePeerMayChangeItsKeys) {
  if (GetParam().tls12) GTEST_SKIP() << "TLS 1.2 has no key update";
  peer_->update_keys(false);
  exchange(1'000);
  take_over();
  exchange(1'000);
  for (int i = 0; i < 3; ++i) {
    peer_->update_keys(false);
    exchange(50'000);
  }
  EXPECT_EQ(counters().ended_by_key_update.value(), 0U);
  hand_over();  // with the keys of now
  exchange(50'000);
}

TEST_P(RecordsContract, BothMayChangeKeysBeforeTheTakeOver) {
  if (GetParam().tls12) GTEST_SKIP() << "TLS 1.2 has no key update";
  peer_->update_keys(true);
  exchange(1'000);
  take_over();
  exchange(100'000);
}

TEST_P(RecordsContract, AnAskedForKeyUpdateIsAnsweredOrEndsTheStream) {
  if (GetParam().tls12) GTEST_SKIP() << "TLS 1.2 has no key update";
  take_over();
  peer_->update_keys(true);
  if (offload_->changes_keys()) {
    exchange(50'000);
    peer_->update_keys(true);
    peer_->update_keys(true);
    exchange(50'000);
    EXPECT_EQ(counters().key_updates.value(), 3U);
    EXPECT_EQ(counters().ended_by_key_update.value(), 0U);
    return;
  }
  expect_ended(ErrorCode::kUnavailable);
  EXPECT_NE(server_->ended->message().find("keys"), std::string::npos);
  ASSERT_TRUE(until([&] { return peer_->closed_in_order; }));
  EXPECT_EQ(peer_->error, "") << "no record under a key that should be gone";
  EXPECT_FALSE(server_->stream().write(Bytes{1}).has_value());
  EXPECT_EQ(counters().ended_by_key_update.value(), 1U);
}

TEST_P(RecordsContract, HandedOverItGoesOn) {
  take_over();
  exchange(30'000);
  hand_over();
  exchange(1);
  exchange(1'000'000);
  EXPECT_EQ(counters().handed_over.value(), 1U);
}

TEST_P(RecordsContract, HandingOverTakesSendingAsWell) {
  hand_over();
  exchange(30'000);
}

TEST_P(RecordsContract, HandingOverWaitsForARecordsEnd) {
  take_over();
  const Bytes up = pattern(5'000, 9);
  peer_->send(up);
  append(sent_up_, up);
  const Bytes record = peer_->take_records();
  for (const std::size_t cut : {std::size_t{3}, std::size_t{2'000}, record.size()}) {
    static std::size_t sent = 0;
    if (cut == 3) sent = 0;
    peer_->send_raw(std::span(record).subspan(sent, cut - sent));
    sent = cut;
    if (cut == record.size()) break;
    // OpenSSL takes what is there of the record.
    for (int i = 0; i < 50; ++i) loop_->run_once(Duration(200));
    const auto early = tls_stream_->hand_over();
    ASSERT_FALSE(early.has_value()) << cut;
    EXPECT_EQ(early.error().code, ErrorCode::kWouldBlock);
  }
  ASSERT_TRUE(until([&] { return server_->got.size() == sent_up_.size(); }));
  hand_over();
  exchange(1'000);
}

TEST_P(RecordsContract, WhatOpenSslHasDecryptedIsHandedOverToo) {
  take_over();
  server_->read_in_pieces_of(10);
  const Bytes up = pattern(3'000, 9);
  peer_->send(up);
  append(sent_up_, up);
  const std::size_t before = server_->got.size();
  ASSERT_TRUE(until([&] { return server_->got.size() > before; }));
  hand_over();
  exchange(1'000);
}

TEST_P(RecordsContract, HandedOverItEndsInOrder) {
  hand_over();
  peer_->close_notify();
  expect_ended(ErrorCode::kClosed);
  ASSERT_TRUE(server_->stream().finish_writing().has_value());
  ASSERT_TRUE(until([&] { return peer_->closed_in_order; }));
  EXPECT_EQ(peer_->error, "");
}

TEST_P(RecordsContract, HandedOverATruncatedRecordIsNotInOrder) {
  hand_over();
  peer_->send(pattern(5'000, 1));
  Bytes record = peer_->take_records();
  record.resize(record.size() / 2);
  peer_->send_raw(record);
  peer_->drop();
  expect_ended(ErrorCode::kUnavailable);
}

TEST_P(RecordsContract, HandedOverGarbageIsRefusedWithAnAlert) {
  hand_over();
  peer_->send(pattern(100, 1));
  Bytes record = peer_->take_records();
  record[record.size() / 2] ^= 1;
  peer_->send_raw(record);
  expect_ended(ErrorCode::kInvalid);
  ASSERT_TRUE(until([&] { return peer_->alert.has_value(); }));
  EXPECT_EQ(*peer_->alert, SSL3_AD_BAD_RECORD_MAC);
}

TEST_P(RecordsContract, HandedOverAKeyUpdateEndsTheStream) {
  if (GetParam().tls12) GTEST_SKIP() << "TLS 1.2 has no key update";
  hand_over();
  peer_->update_keys(false);
  expect_ended(ErrorCode::kUnavailable);
  ASSERT_TRUE(until([&] { return peer_->closed_in_order; }));
  EXPECT_EQ(peer_->error, "");
}

TEST_P(RecordsContract, HandedOverAResetIsSeen) {
  hand_over();
  peer_->reset_connection();
  expect_ended(ErrorCode::kUnavailable);
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const RecordKind& kind : record_kinds()) {
    all.push_back({kind, false, "TLS_AES_128_GCM_SHA256"});
    all.push_back({kind, false, "TLS_AES_256_GCM_SHA384"});
    all.push_back({kind, true, "ECDHE-ECDSA-AES128-GCM-SHA256"});
    all.push_back({kind, true, "ECDHE-ECDSA-AES256-GCM-SHA384"});
    if (!kind.chacha20) continue;
    all.push_back({kind, false, "TLS_CHACHA20_POLY1305_SHA256"});
    all.push_back({kind, true, "ECDHE-ECDSA-CHACHA20-POLY1305"});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, RecordsContract, testing::ValuesIn(cases()), [](const auto& info) {
  std::string name = info.param.kind.name + "_" + info.param.cipher;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace rp
