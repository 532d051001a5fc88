// Goal: requests find their handler, and what has none gets 404 or 405 in JSON. Method: a responder
// that records the answer; no sockets.
#include "engine/base/http/router.h"

#include <optional>

#include <gtest/gtest.h>

namespace rp {
namespace {

class RouterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    router_.add_sync("GET", "/v1/phones", text("list"));
    router_.add_sync("PUT", "/v1/phones/{id}", [](const HttpRequest& r) {
      return HttpResponse{200, {}, "put " + r.param("id")};
    });
    router_.add_sync("GET", "/v1/phones/{id}", text("get"));
    router_.add_sync("*", "/api/*", text("api"));
    router_.add_sync("GET", "/", text("root"));
  }
  static std::function<HttpResponse(const HttpRequest&)> text(std::string body) {
    return [body](const HttpRequest&) { return HttpResponse{200, {}, body}; };
  }
  HttpResponse ask(std::string method, std::string target) {
    HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    EXPECT_TRUE(split_target(request));
    std::optional<HttpResponse> answer;
    router_.handle(std::move(request),
                   HttpResponder([&](HttpResponse r) { answer = std::move(r); }));
    return answer.value_or(HttpResponse{0, {}, "unanswered"});
  }
  Router router_;
};

TEST_F(RouterTest, FindsHandlers) {
  EXPECT_EQ(ask("GET", "/v1/phones").body, "list");
  EXPECT_EQ(ask("PUT", "/v1/phones/a%20b?q").body, "put a b");
  EXPECT_EQ(ask("HEAD", "/v1/phones/x").body, "get");
  EXPECT_EQ(ask("PATCH", "/api/v1/deep/er").body, "api");
  EXPECT_EQ(ask("GET", "/api/").body, "api");
  EXPECT_EQ(ask("GET", "/").body, "root");
}

TEST_F(RouterTest, UnknownPathIs404) {
  for (const char* path : {"/v1", "/v1/phones/", "/v1/phones/a/b", "/api", "/x"}) {
    EXPECT_EQ(ask("GET", path).status, 404) << path;
  }
  EXPECT_NE(ask("GET", "/x").body.find("\"code\":\"not_found\""), std::string::npos);
}

TEST_F(RouterTest, KnownPathWithoutTheMethodIs405) {
  const HttpResponse response = ask("DELETE", "/v1/phones/a");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.get("Allow"), "PUT, GET");
}

}  // namespace
}  // namespace rp
