// Goal: what containers/controller/openapi.json says is what the server does, both ways.
// Method: every operation of the description is called with a body made from its schema; the answer
// must be one the description names and fit its schema. Paths and methods that are not described
// must not exist. The validator knows the part of JSON Schema 2020-12 the description uses, and
// fails on any other word.
#include <regex>

#include <gtest/gtest.h>

#include "tests/unit/containers/controller/running_controller.h"

namespace rp {
namespace {

using nlohmann::json;

class Schemas {
 public:
  explicit Schemas(const json& document) : document_(document) {}

  const json& resolve(const json& node) const {
    if (!node.contains("$ref")) return node;
    const auto pointer = node["$ref"].get<std::string>().substr(1);
    return document_.at(json::json_pointer(pointer));
  }
  // Empty when it fits, else what does not.
  std::string fault(const json& schema_or_ref, const json& value,
                    const std::string& at = "$") const {
    const json& schema = resolve(schema_or_ref);
    for (const auto& [word, rule] : schema.items()) {
      const std::string found = check(word, rule, schema, value, at);
      if (!found.empty()) return at + " " + found;
    }
    return "";
  }

 private:
  static bool is(const std::string& type, const json& value) {
    if (type == "integer") return value.is_number_integer();
    if (type == "null") return value.is_null();
    if (type == "boolean") return value.is_boolean();
    if (type == "string") return value.is_string();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
  }
  std::string check(const std::string& word, const json& rule, const json& schema,
                    const json& value, const std::string& at) const {
    if (word == "type") {
      const json types = rule.is_array() ? rule : json::array({rule});
      for (const json& type : types)
        if (is(type, value)) return "";
      return "is not " + rule.dump();
    }
    if (word == "enum")
      return std::find(rule.begin(), rule.end(), value) == rule.end() ? "is not in " + rule.dump()
                                                                      : "";
    if (word == "oneOf") {
      int fits = 0;
      for (const json& option : rule) fits += fault(option, value, at).empty() ? 1 : 0;
      return fits == 1 ? "" : "fits " + std::to_string(fits) + " of oneOf";
    }
    if (word == "description") return "";
    if (value.is_object()) return check_object(word, rule, schema, value, at);
    if (value.is_array() && word == "items") {
      for (const json& item : value)
        if (auto found = fault(rule, item, at + "[]"); !found.empty()) return found;
      return "";
    }
    return check_plain(word, rule, value);
  }
  std::string check_object(const std::string& word, const json& rule, const json& schema,
                           const json& value, const std::string& at) const {
    if (word == "required") {
      for (const json& name : rule)
        if (!value.contains(name)) return "lacks " + name.dump();
      return "";
    }
    if (word == "properties") {
      for (const auto& [name, inner] : rule.items())
        if (value.contains(name))
          if (auto found = fault(inner, value[name], at + "." + name); !found.empty()) return found;
      return "";
    }
    if (word == "additionalProperties") {
      for (const auto& [name, inner] : value.items())
        if (!schema["properties"].contains(name)) return "has an undescribed " + name;
      return "";
    }
    return "meets the unknown word " + word;
  }
  static std::string check_plain(const std::string& word, const json& rule, const json& value) {
    bool good = true;
    if (word == "minimum")
      good = !value.is_number() || value >= rule;
    else if (word == "maximum")
      good = !value.is_number() || value <= rule;
    else if (word == "minLength")
      good = !value.is_string() || value.get<std::string>().size() >= rule.get<std::size_t>();
    else if (word == "maxLength")
      good = !value.is_string() || value.get<std::string>().size() <= rule.get<std::size_t>();
    else if (word == "pattern")
      good = !value.is_string() ||
             std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>()));
    else if (word != "items" && word != "properties" && word != "required" &&
             word != "additionalProperties")
      return "meets the unknown word " + word;
    return good ? "" : value.dump() + " breaks " + word + " " + rule.dump();
  }

  const json& document_;
};

// Bodies for the operations that take one, in the order in which a session makes sense.
const std::map<std::string, json> kBodies = {
    {"createPhone", {{"name", "Test"}, {"image", "tiny"}, {"width", 720}, {"start", true}}},
    {"changePhone", {{"name", "Changed"}}},
    {"createTicket", {{"device", "test"}}},
    {"signIn", {{"name", "ada"}, {"password", "correct horse"}}},
    {"setMe", {{"name", "ada"}, {"password", "another horse"}}}};

struct OpenapiTest : testing::Test {
  RunningController host;
  json document = *parse_json(openapi_text());
  Schemas schemas{document};
};

TEST_F(OpenapiTest, IsServedAsItIs) {
  EXPECT_EQ(host.root_json("/openapi.json"), document);
  EXPECT_EQ(document["openapi"], "3.1.0");
}

TEST_F(OpenapiTest, EveryOperationAnswersAsDescribed) {
  host.root("POST", "/api/v1/phones", R"({"name":"p","image":"tiny","start":true})");
  ASSERT_TRUE(host.wait_for_state("p", "running"));
  std::vector<std::pair<std::string, std::string>> calls;
  for (const auto& [path, item] : document["paths"].items())
    for (const auto& [method, operation] : item.items())
      if (method != "parameters") calls.emplace_back(method, path);
  // What deletes goes last.
  std::stable_partition(calls.begin(), calls.end(),
                        [](const auto& call) { return call.first != "delete"; });
  for (const auto& [method, path] : calls) {
    const json& operation = document["paths"][path][method];
    SCOPED_TRACE(operation["operationId"].get<std::string>());
    std::string target = "/api/v1" + std::regex_replace(path, std::regex("[{]id[}]"), "p");
    std::string body;
    if (operation.contains("requestBody")) {
      const json& example = kBodies.at(operation["operationId"]);
      EXPECT_EQ(
          schemas.fault(operation["requestBody"]["content"]["application/json"]["schema"], example),
          "");
      body = example.dump();
    }
    std::string upper = method;
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    const HttpResponse response = host.root(upper, target, body);
    const std::string status = std::to_string(response.status);
    ASSERT_TRUE(operation["responses"].contains(status)) << status << " " << response.body;
    const json& described = schemas.resolve(operation["responses"][status]);
    const std::string type(response.headers.get("Content-Type"));
    const std::string plain = type.substr(0, type.find(';'));
    ASSERT_TRUE(described["content"].contains(plain)) << type;
    if (plain == "application/json") {
      EXPECT_EQ(schemas.fault(described["content"][plain]["schema"], *parse_json(response.body)),
                "")
          << response.body;
    }
  }
}

TEST_F(OpenapiTest, NothingUndescribedAnswers) {
  for (const auto& [path, item] : document["paths"].items()) {
    const std::string target = "/api/v1" + std::regex_replace(path, std::regex("[{]id[}]"), "p");
    for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
      std::string lower = method;
      for (char& c : lower) c = static_cast<char>(std::tolower(c));
      if (item.contains(lower)) continue;
      const int status = host.root(method, target).status;
      EXPECT_TRUE(status == 405 || status == 404) << method << " " << target << " " << status;
    }
  }
  EXPECT_EQ(host.root("GET", "/api/v1/users").status, 404);
}

TEST_F(OpenapiTest, ErrorsFitTheirSchema) {
  const json& schema = document["components"]["schemas"]["Error"];
  for (const HttpResponse& response :
       {host.root("GET", "/api/v1/phones/none"), host.root("POST", "/api/v1/phones", "{}"),
        host.root("PUT", "/api/v1/me", R"({"name":"a","password":"b"})")})
    EXPECT_EQ(schemas.fault(schema, *parse_json(response.body)), "") << response.body;
}

// The validator itself must be able to fail.
TEST_F(OpenapiTest, TheValidatorFindsFaults) {
  const json& phone = document["components"]["schemas"]["Phone"];
  host.root("POST", "/api/v1/phones", R"({"name":"p","image":"tiny"})");
  json good = host.root_json("/phones/p");
  ASSERT_EQ(schemas.fault(phone, good), "");
  for (const auto& [name, value] : std::map<std::string, json>{
           {"state", "dancing"}, {"width", 5000}, {"id", "A B"}, {"viewers", "0"}, {"extra", 1}}) {
    json bad = good;
    bad[name] = value;
    EXPECT_NE(schemas.fault(phone, bad), "") << name;
  }
  good.erase("reason");
  EXPECT_NE(schemas.fault(phone, good), "");
}

}  // namespace
}  // namespace rp
