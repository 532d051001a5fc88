// Goal: requests reach the controller as they were, with who asked added and nothing forged; a dead
// or silent controller is a helpful sentence. Method: a real HttpServer on a unix socket as
// controller.
#include "engine/front/api_proxy.h"

#include <unistd.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "engine/base/http/server.h"

namespace rp {
namespace {

class ApiProxyTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(dir_); }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  HttpResponse ask(const HttpRequest& request) {
    std::optional<HttpResponse> answer;
    proxy_.handle(request, HttpResponder([&](HttpResponse r) { answer = std::move(r); }));
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!answer && std::chrono::steady_clock::now() < end) {
      loop_->run_once(std::chrono::milliseconds(1));
      if (skip_) clock_.advance(std::chrono::seconds(1));
    }
    return answer.value_or(HttpResponse{0, {}, "unanswered"});
  }

  std::filesystem::path dir_ =
      std::filesystem::temp_directory_path() / ("rp_proxy_" + std::to_string(::getpid()));
  std::string path_ = dir_ / "api.sock";
  FakeClock clock_;
  bool skip_ = false;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  ApiProxy proxy_{*loop_, path_};
};

TEST_F(ApiProxyTest, PassesRequestAndAnswer) {
  HttpRequest seen;
  HttpServer controller(*loop_, [&](HttpRequest request, const HttpResponder& responder) {
    seen = std::move(request);
    responder.send(
        {201, {{"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}, {"Keep-Alive", "x"}}, "made"});
  });
  ASSERT_TRUE(controller.listen(listen_unix_fresh(path_, {}).value()));
  HttpRequest request;
  request.method = "POST";
  request.target = "/api/v1/phones?x=%20";
  request.body = "{}";
  request.peer = "192.0.2.9";
  request.headers = {{"Host", "phones.example"},
                     {"Cookie", "c"},
                     {"X-Forwarded-For", "1.1.1.1"},
                     {"Forwarded", "for=1.1.1.1"},
                     {"Connection", "X-Secret"},
                     {"X-Secret", "hop"},
                     {"TE", "trailers"},
                     {"X-CSRF-Token", "t"}};
  const HttpResponse answer = ask(request);
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, "made");
  EXPECT_EQ(answer.headers.count("Set-Cookie"), 2U);
  EXPECT_FALSE(answer.headers.contains("Keep-Alive"));
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/api/v1/phones?x=%20");
  EXPECT_EQ(seen.body, "{}");
  EXPECT_EQ(seen.headers.count("X-Forwarded-For"), 1U);
  EXPECT_EQ(seen.headers.get("X-Forwarded-For"), "192.0.2.9");
  EXPECT_EQ(seen.headers.get("X-Forwarded-Proto"), "https");
  EXPECT_EQ(seen.headers.get("X-Forwarded-Host"), "phones.example");
  EXPECT_EQ(seen.headers.get("Cookie"), "c");
  EXPECT_EQ(seen.headers.get("X-CSRF-Token"), "t");
  EXPECT_FALSE(seen.headers.contains("Forwarded"));
  EXPECT_FALSE(seen.headers.contains("X-Secret"));
  EXPECT_FALSE(seen.headers.contains("TE"));
}

TEST_F(ApiProxyTest, ControllerIsDown) {
  const HttpResponse answer = ask({});
  EXPECT_EQ(answer.status, 502);
  EXPECT_NE(answer.body.find("rackphone status"), std::string::npos);
  EXPECT_EQ(proxy_.counters().failures.value(), 1U);
}

TEST_F(ApiProxyTest, ControllerIsSilent) {
  const auto listener = listen_unix_fresh(path_, {}).value();
  skip_ = true;
  EXPECT_EQ(ask({}).status, 504);
}

}  // namespace
}  // namespace rp
