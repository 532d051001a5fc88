// Goal: a real program of OpenSSL reads a stream the kernel encrypts, and sees it end in order,
// also when it asks for new keys. Method: `openssl s_client` against a TlsStream over the lab's
// kernel.
#include "tests/lab/ktls/s_client.h"

#include <poll.h>

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "engine/transport/tls_stream.h"
#include "tests/lab/ktls/kernel.h"
#include "tests/support/stream_end.h"
#include "tests/support/stream_pair.h"

namespace rp {
namespace {

std::string text(std::size_t lines) {
  std::string all;
  for (std::size_t i = 0; i < lines; ++i) all += "line " + std::to_string(i) + " of a stream\n";
  return all;
}

std::vector<std::uint8_t> bytes(const std::string& text) { return {text.begin(), text.end()}; }

class SClientTest : public testing::Test {
 protected:
  void start(const std::vector<std::string>& more) {
    UniqueFd listener = std::move(*listen_tcp({"127.0.0.1", 0}));
    client_ = std::make_unique<SClient>(*loop_, *local_port(listener.get()), more);
    pollfd waiting{listener.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&waiting, 1, 10'000), 1);
    auto stream = TlsStream::accept(tls_.server, std::move(*accept_socket(listener.get())));
    ASSERT_TRUE(stream.has_value());
    stream_ = stream->get();
    server_ = std::make_unique<StreamEnd>(*loop_, std::move(*stream));
    ASSERT_TRUE(until([&] { return !stream_->version().empty(); })) << client_->out;
    stream_->expect_bulk();
    ASSERT_EQ(stream_->sent_by(), RecordCarrier::kKernel);
  }
  void TearDown() override { server_.reset(); }
  bool until(const std::function<bool()>& condition) {
    const TimePoint deadline = clock_.now() + std::chrono::seconds(20);
    while (!condition()) {
      if (clock_.now() > deadline) return false;
      loop_->run_once(Duration(1'000));
    }
    return true;
  }
  bool client_has(const std::string& wanted) {
    return until([&] { return client_->out.find(wanted) != std::string::npos; });
  }
  bool key_update_came() {
    return until([&] { return tls_.server->counters().key_updates.value() == 1; });
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::create(clock_));
  TlsPair tls_ = make_tls_pair(true, lab_kernel().get());
  std::unique_ptr<SClient> client_;
  std::unique_ptr<StreamEnd> server_;
  TlsStream* stream_ = nullptr;
};

TEST_F(SClientTest, ReadsAStreamToItsEnd) {
  for (const char* version : {"-tls1_3", "-tls1_2"}) {
    start({"-quiet", version});
    const std::string all = text(40'000);
    server_->send(bytes(all));
    client_->type("hello\n");
    ASSERT_TRUE(until([&] { return server_->all_sent() && server_->got.size() == 6; }));
    ASSERT_TRUE(until([&] { return stream_->finish_writing().has_value(); }));
    ASSERT_TRUE(until([&] { return client_->ended(); }));
    EXPECT_EQ(client_->exit_status(), 0) << client_->out.substr(0, 1'000);
    ASSERT_GE(client_->out.size(), all.size());
    EXPECT_EQ(client_->out.substr(client_->out.size() - all.size()), all) << version;
    EXPECT_EQ(client_->out.find(":error:"), std::string::npos);  // a line of OpenSSL's error queue
    server_.reset();
  }
}

TEST_F(SClientTest, MayChangeItsOwnKeys) {
  start({});
  client_->type("k\n");
  ASSERT_TRUE(key_update_came());  // what is typed together is one command
  client_->type("after the update\n");
  ASSERT_TRUE(until([&] { return server_->got == bytes("after the update\n"); }));
  server_->send(bytes("the stream goes on\n"));
  EXPECT_TRUE(client_has("the stream goes on\n")) << client_->out;
  EXPECT_EQ(tls_.server->counters().key_updates.value(), 1U);
}

TEST_F(SClientTest, AskingForOurKeysEndsInOrderWhereTheKernelCannot) {
  start({});
  server_->send(bytes("before\n"));
  ASSERT_TRUE(client_has("before\n"));
  client_->type("K\n");
  if (lab_kernel()->changes_keys()) {
    ASSERT_TRUE(key_update_came());
    client_->type("after the update\n");
    ASSERT_TRUE(until([&] { return server_->got == bytes("after the update\n"); }));
    server_->send(bytes("the stream goes on\n"));
    EXPECT_TRUE(client_has("the stream goes on\n")) << client_->out;
    return;
  }
  ASSERT_TRUE(until([&] { return server_->ended.has_value(); }));
  EXPECT_EQ(server_->ended->code, ErrorCode::kUnavailable) << server_->ended->message();
  ASSERT_TRUE(until([&] { return client_->ended(); }));
  EXPECT_EQ(client_->exit_status(), 0) << client_->out;
  EXPECT_EQ(client_->out.find("bad record mac"), std::string::npos) << client_->out;
  EXPECT_NE(client_->out.find("closed"), std::string::npos) << client_->out;
}

}  // namespace
}  // namespace rp
