// Goal: targets split right and nothing leads out of a tree; headers behave as lists without case.
// Method: tables of input and expected value.
#include "engine/base/http/message.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

Result<HttpRequest> split(std::string target) {
  HttpRequest request;
  request.target = std::move(target);
  RP_TRY(split_target(request));
  return request;
}

TEST(HttpMessageTest, SplitsPathAndQuery) {
  const auto request = split("/a%20b/c/?x=1&y=a+b%26&z&=e");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->path, "/a b/c/");
  EXPECT_EQ(request->query_value("x"), "1");
  EXPECT_EQ(request->query_value("y"), "a b&");
  EXPECT_EQ(request->query_value("z"), "");
  EXPECT_EQ(request->query_value("none"), std::nullopt);
  EXPECT_EQ(split("/")->path, "/");
  EXPECT_EQ(split("/?q")->path, "/");
}

TEST(HttpMessageTest, RefusesWhatCouldLeadAstray) {
  for (const char* target :
       {"",        "a",      "http://x/", "*",      "/..",   "/a/../b", "/a/.",   "/%2e%2e/x",
        "/%2E./x", "/a%2fb", "/a\\b",     "/a%5cb", "//x",   "/a//b",   "/%00",   "/%",
        "/%4",     "/%zz",   "/a b",      "/a#b",   "/\x01", "/%0a",    "/x?%00", "/x?%f"}) {
    const auto result = split(target);
    ASSERT_FALSE(result) << target;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
  }
  std::string many = "/?a";
  for (int i = 0; i < 100; ++i) many += "&a";
  EXPECT_FALSE(split(many));
}

TEST(HttpMessageTest, HeadersIgnoreCase) {
  HttpHeaders headers{{"Content-Type", "text/plain"}, {"connection", "keep-alive , Upgrade"}};
  headers.add("Connection", "x");
  EXPECT_EQ(headers.get("content-TYPE"), "text/plain");
  EXPECT_TRUE(headers.lists("Connection", "upgrade"));
  EXPECT_TRUE(headers.lists("Connection", "X"));
  EXPECT_FALSE(headers.lists("Connection", "keep"));
  EXPECT_EQ(headers.list("connection").size(), 3U);
  headers.set("CONNECTION", "close");
  EXPECT_EQ(headers.count("connection"), 1U);
  headers.remove("Connection");
  EXPECT_FALSE(headers.contains("connection"));
}

TEST(HttpMessageTest, ReadsCookies) {
  HttpRequest request;
  request.headers.add("Cookie", "a=1; rackphone_session=abc=; b");
  EXPECT_EQ(request.cookie("rackphone_session"), "abc=");
  EXPECT_EQ(request.cookie("a"), "1");
  EXPECT_EQ(request.cookie("b"), "");
  EXPECT_EQ(request.cookie("ackphone_session"), "");
}

}  // namespace
}  // namespace rp
