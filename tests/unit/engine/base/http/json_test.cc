// Goal: bad JSON and bad members give one error that names the field; hostile nesting costs
// nothing. Method: tables of bodies.
#include "engine/base/http/json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rp {
namespace {

TEST(HttpJsonTest, ErrorHasTheDocumentedShape) {
  const HttpResponse response = json_error(400, "invalid", "width", "width \"must\" be 64 to 4096");
  const auto body = nlohmann::json::parse(response.body);
  EXPECT_EQ(body["error"]["code"], "invalid");
  EXPECT_EQ(body["error"]["field"], "width");
  EXPECT_EQ(body["error"]["message"], "width \"must\" be 64 to 4096");
  EXPECT_FALSE(
      nlohmann::json::parse(json_error(404, "x", {}, "y").body)["error"].contains("field"));
  EXPECT_EQ(json_error(Error{ErrorCode::kExists, 0, "x"}).status, 409);
}

TEST(HttpJsonTest, ReadsMembers) {
  JsonFields fields(R"({"name":"a","width":720,"on":true,"none":null,"list":["x","y"]})");
  EXPECT_EQ(fields.text("name", 1, 10), "a");
  EXPECT_EQ(fields.integer("width", 64, 4096), 720);
  EXPECT_TRUE(fields.boolean("on"));
  EXPECT_EQ(fields.integer_or("none", 7, 1, 9), 7);
  EXPECT_EQ(fields.text_or("absent", "fallback", 1, 2), "fallback");
  EXPECT_TRUE(fields.boolean_or("absent", true));
  EXPECT_EQ(fields.texts("list", 2, 1), (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(fields.has("name"));
  EXPECT_FALSE(fields.has("none"));
  EXPECT_FALSE(fields.finish());
}

std::string fault_of(std::string_view body) {
  JsonFields fields(body);
  (void)fields.text("name", 1, 3);
  (void)fields.integer_or("width", 1, 1, 10);
  (void)fields.boolean_or("on", false);
  if (fields.has("list")) (void)fields.texts("list", 1, 1);
  const auto bad = fields.finish();
  if (!bad) return "none";
  EXPECT_EQ(bad->status, 400);
  const auto error = nlohmann::json::parse(bad->body)["error"];
  return error.value("field", std::string("-")) + ": " + error["message"].get<std::string>();
}

TEST(HttpJsonTest, NamesTheFirstFault) {
  EXPECT_EQ(fault_of("{}"), "name: name is missing");
  EXPECT_EQ(fault_of(R"({"name":""})"), "name: name must be text of 1 to 3 bytes");
  EXPECT_EQ(fault_of(R"({"name":7})"), "name: name must be text of 1 to 3 bytes");
  EXPECT_EQ(fault_of(R"({"name":"a\u0000"})"), "name: name must be text of 1 to 3 bytes");
  EXPECT_EQ(fault_of(R"({"name":"a","width":11})"), "width: width must be 1 to 10");
  EXPECT_EQ(fault_of(R"({"name":"a","width":1.5})"), "width: width must be 1 to 10");
  EXPECT_EQ(fault_of(R"({"name":"a","width":18446744073709551615})"),
            "width: width must be 1 to 10");
  EXPECT_EQ(fault_of(R"({"name":"a","on":1})"), "on: on must be true or false");
  EXPECT_EQ(fault_of(R"({"name":"a","nmae":1})"), "nmae: nmae is not known here");
  EXPECT_TRUE(fault_of(R"({"name":"a","list":["a","b"]})").starts_with("list: list must be"));
  EXPECT_TRUE(fault_of(R"({"name":"a","list":{"a":"b"}})").starts_with("list: list must be"));
  EXPECT_EQ(fault_of("[]"), "-: the body must be a JSON object");
  EXPECT_EQ(fault_of("{\"a\""), "-: the body is not valid JSON near byte 5");
  EXPECT_EQ(fault_of(""), "-: the body is not valid JSON near byte 1");
  EXPECT_EQ(fault_of(R"({"name":"a"})"), "none");
}

TEST(HttpJsonTest, DepthIsBounded) {
  EXPECT_TRUE(parse_json(std::string(32, '[') + std::string(32, ']')));
  EXPECT_FALSE(parse_json(std::string(33, '[') + std::string(33, ']')));
  EXPECT_TRUE(parse_json("\"" + std::string(100, '[') + "\\\"" + "\""));
  EXPECT_FALSE(parse_json(std::string(1 << 20, '{')));
  EXPECT_FALSE(parse_json("1e999"));
}

}  // namespace
}  // namespace rp
