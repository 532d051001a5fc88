// Goal: the client gets whole answers, and one clear error otherwise: nobody there, cut, late, too
// long, not HTTP. Method: a real unix socket; HttpServer for good answers, a scripted socket for
// bad ones.
#include "engine/base/http/client.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "engine/base/http/server.h"
#include "tests/unit/engine/base/http/raw_peer.h"

namespace rp {
namespace {

using test::turn_until;

class HttpClientTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(dir_); }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  Result<HttpResponse> ask(const HttpRequest& request, Duration timeout = std::chrono::seconds(5)) {
    std::optional<Result<HttpResponse>> result;
    HttpClient client(*loop_, path_);
    client.send(request, timeout, [&](Result<HttpResponse> r) { result = std::move(r); });
    EXPECT_FALSE(result) << "the callback came from inside send()";
    EXPECT_TRUE(turn_until(*loop_, [&] { return result.has_value(); }));
    return result.value_or(fail(ErrorCode::kInternal, "no callback"));
  }

  // A server that answers any connection with `bytes` and closes.
  Result<HttpResponse> ask_scripted(const std::string& bytes) {
    auto listener = listen_unix_fresh(path_, {}).value();
    UniqueFd accepted;
    auto watch = loop_->watch(listener.get(), EPOLLIN, [&](std::uint32_t) {
      accepted = accept_socket(listener.get()).value();
      EXPECT_GE(::send(accepted.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), 0);
      ::shutdown(accepted.get(), SHUT_WR);
    });
    return ask({});
  }

  std::filesystem::path dir_ =
      std::filesystem::temp_directory_path() / ("rp_client_" + std::to_string(::getpid()));
  std::string path_ = dir_ / "http.sock";
  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
};

TEST_F(HttpClientTest, SendsAndReceivesWholeMessages) {
  HttpServer server(*loop_, [](const HttpRequest& r, const HttpResponder& responder) {
    responder.send({201, {{"X-Method", r.method}, {"X-Path", r.path}}, r.body + r.body});
  });
  ASSERT_TRUE(server.listen(listen_unix_fresh(path_, {}).value()));
  HttpRequest request;
  request.method = "PUT";
  request.target = "/v1/a%20b?x=1";
  request.body = std::string(500'000, 'q');
  const auto answer = ask(request);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->headers.get("x-method"), "PUT");
  EXPECT_EQ(answer->headers.get("X-Path"), "/v1/a b");
  EXPECT_EQ(answer->body.size(), 1'000'000U);
}

TEST_F(HttpClientTest, HeadHasNoBody) {
  HttpServer server(*loop_, [](const HttpRequest&, const HttpResponder& responder) {
    responder.send({200, {}, "body"});
  });
  ASSERT_TRUE(server.listen(listen_unix_fresh(path_, {}).value()));
  HttpRequest request;
  request.method = "HEAD";
  const auto answer = ask(request);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "");
}

TEST_F(HttpClientTest, NobodyThere) {
  const auto answer = ask({});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kNotFound);
}

TEST_F(HttpClientTest, NoAnswerInTime) {
  auto listener = listen_unix_fresh(path_, {}).value();
  const auto answer = ask({}, std::chrono::milliseconds(20));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kTimeout);
}

TEST_F(HttpClientTest, BadAnswers) {
  EXPECT_EQ(ask_scripted("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut").error().code,
            ErrorCode::kClosed);
  EXPECT_EQ(ask_scripted("").error().code, ErrorCode::kClosed);
  EXPECT_EQ(ask_scripted("what?\r\n\r\n").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(ask_scripted("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n").error().code,
            ErrorCode::kExhausted);
  const auto until_end = ask_scripted("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it");
  ASSERT_TRUE(until_end);
  EXPECT_EQ(until_end->body, "all of it");
}

TEST_F(HttpClientTest, TooManyAtOnce) {
  auto listener = listen_unix_fresh(path_, {}).value();
  HttpClient client(*loop_, path_, {.max_requests = 1});
  client.send({}, std::chrono::seconds(5), [](const Result<HttpResponse>&) {});
  std::optional<Result<HttpResponse>> second;
  client.send({}, std::chrono::seconds(5), [&](Result<HttpResponse> r) { second = std::move(r); });
  ASSERT_TRUE(turn_until(*loop_, [&] { return second.has_value(); }));
  EXPECT_EQ(second->error().code, ErrorCode::kExhausted);
}

TEST_F(HttpClientTest, FetchBlocksUntilTheAnswer) {
  HttpServer server(*loop_, [](const HttpRequest&, const HttpResponder& responder) {
    responder.send({200, {}, "fetched"});
  });
  ASSERT_TRUE(server.listen(listen_unix_fresh(path_, {}).value()));
  Result<HttpResponse> answer = fail(ErrorCode::kInternal, "not run");
  std::thread caller([&] {
    answer = fetch(path_, {}, std::chrono::seconds(5));
    loop_->stop();
  });
  loop_->run();
  caller.join();
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "fetched");
}

}  // namespace
}  // namespace rp
