// Goal: the doors let in whom they should, say which field is wrong, and survive the death of
// either side. Method: a whole controller on its own thread, asked through its real sockets.
#include <gtest/gtest.h>

#include "tests/unit/containers/controller/running_controller.h"

namespace rp {
namespace {

using nlohmann::json;

struct RestTest : testing::Test {
  HttpResponse people(const std::string& method, const std::string& target,
                      const std::string& body = {}, bool with_csrf = true) {
    HttpHeaders headers{{"X-Forwarded-For", "192.0.2.1"}};
    if (!cookie.empty()) headers.set("Cookie", cookie);
    if (with_csrf && !csrf.empty()) headers.set("X-CSRF-Token", csrf);
    return host.ask(Controller::people_socket(host.folder + "/run"), method, "/api/v1" + target,
                    body, headers);
  }
  void sign_in() {
    const std::string code = (*parse_json(host.root("POST", "/api/v1/sign-in-codes").body))["code"];
    const HttpResponse response = people("POST", "/session", json{{"code", code}}.dump());
    ASSERT_EQ(response.status, 200) << response.body;
    const std::string set(response.headers.get("Set-Cookie"));
    cookie = set.substr(0, set.find(';'));
    csrf = (*parse_json(response.body))["csrf"];
  }
  static std::string field_of(const HttpResponse& response) {
    return (*parse_json(response.body))["error"].value("field", "");
  }

  RunningController host;
  std::string cookie;
  std::string csrf;
};

TEST_F(RestTest, ThePeoplesDoorNeedsASignIn) {
  for (const char* target : {"/phones", "/images", "/status", "/phones/x", "/phones/x/log"})
    EXPECT_EQ(people("GET", target).status, 401) << target;
  EXPECT_EQ(people("POST", "/phones", R"({"name":"a"})").status, 401);
  EXPECT_EQ(people("POST", "/sign-in-codes").status, 404) << "codes are root's";
  EXPECT_EQ(people("GET", "/session").status, 200);
  EXPECT_EQ(host.ask(Controller::people_socket(host.folder + "/run"), "GET", "/metrics").status,
            404);
}

TEST_F(RestTest, TheCookieIsOutOfReach) {
  const std::string code = (*parse_json(host.root("POST", "/api/v1/sign-in-codes").body))["code"];
  const HttpResponse response = people("POST", "/session", json{{"code", code}}.dump());
  const std::string set(response.headers.get("Set-Cookie"));
  for (const char* attribute : {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"})
    EXPECT_NE(set.find(attribute), std::string::npos) << attribute;
}

TEST_F(RestTest, ChangesNeedTheCsrfToken) {
  sign_in();
  EXPECT_EQ(people("POST", "/phones", R"({"name":"a","image":"tiny"})", false).status, 403);
  csrf.back() = csrf.back() == '0' ? '1' : '0';
  EXPECT_EQ(people("POST", "/phones", R"({"name":"a","image":"tiny"})").status, 403);
  EXPECT_EQ(people("GET", "/phones").status, 200);
}

TEST_F(RestTest, AnotherSiteMayNotSignAnybodyIn) {
  const HttpResponse response =
      host.ask(Controller::people_socket(host.folder + "/run"), "POST", "/api/v1/session",
               R"({"name":"a","password":"b"})", {{"Sec-Fetch-Site", "cross-site"}});
  EXPECT_EQ(response.status, 403);
  const HttpResponse form =
      host.ask(Controller::people_socket(host.folder + "/run"), "POST", "/api/v1/session",
               "name=a&password=b", {{"Content-Type", "application/x-www-form-urlencoded"}});
  EXPECT_EQ(form.status, 415);
}

TEST_F(RestTest, AWholeSignInWithPassword) {
  sign_in();
  ASSERT_EQ(people("PUT", "/me", R"({"name":"ada","password":"correct horse"})").status, 200);
  EXPECT_EQ(people("DELETE", "/session").status, 200);
  EXPECT_EQ(people("GET", "/phones").status, 401);
  cookie.clear();
  EXPECT_EQ(people("POST", "/session", R"({"name":"ada","password":"wrong horse"})").status, 403);
  const HttpResponse in =
      people("POST", "/session", R"({"name":"ada","password":"correct horse"})");
  EXPECT_EQ(in.status, 200);
  EXPECT_EQ((*parse_json(in.body))["user"]["name"], "ada");
  EXPECT_EQ((*parse_json(in.body))["first_sign_in"], false);
}

TEST_F(RestTest, ManyWrongPasswordsAreTooMany) {
  HttpResponse response;
  for (int n = 0; n < 20 && response.status != 429; ++n)
    response = people("POST", "/session", R"({"name":"ada","password":"wrong horse"})");
  EXPECT_EQ(response.status, 429);
  EXPECT_FALSE(response.headers.get("Retry-After").empty());
}

TEST_F(RestTest, WrongFieldsAreNamed) {
  const std::pair<const char*, const char*> bad[] = {
      {R"({})", "name"},
      {R"({"name":""})", "name"},
      {R"({"name":7})", "name"},
      {R"({"name":"a\u0001b"})", "name"},
      {R"({"name":"a","image":"nope"})", "image"},
      {R"({"name":"a","image":"tiny","width":63})", "width"},
      {R"({"name":"a","image":"tiny","height":4097})", "height"},
      {R"({"name":"a","image":"tiny","scale_120":1e99})", "scale_120"},
      {R"({"name":"a","image":"tiny","start":"yes"})", "start"},
      {R"({"name":"a","image":"tiny","nmae":1})", "nmae"}};
  for (const auto& [body, field] : bad) {
    const HttpResponse response = host.root("POST", "/api/v1/phones", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(field_of(response), field) << body << response.body;
  }
  for (const char* body : {"", "{", "[]", "null", "\"x\"", "{\"name\":\"\xff\"}"})
    EXPECT_EQ(host.root("POST", "/api/v1/phones", body).status, 400) << body;
  EXPECT_EQ(host.root("POST", "/api/v1/phones", std::string(100'000, ' ')).status, 413);
  EXPECT_TRUE(host.root_json("/phones")["phones"].empty());
}

TEST_F(RestTest, APhoneLives) {
  ASSERT_EQ(host.root("POST", "/api/v1/phones", R"({"name":"My Phone","image":"tiny"})").status,
            201);
  EXPECT_EQ(host.root_json("/phones/my-phone")["state"], "created");
  const HttpResponse ticket = host.root("POST", "/api/v1/phones/my-phone/ticket");
  ASSERT_EQ(ticket.status, 200) << ticket.body;
  EXPECT_TRUE(host.wait_for_state("my-phone", "running")) << "a ticket starts the phone";
  EXPECT_EQ(host.root("POST", "/api/v1/phones/my-phone/freeze").status, 202);
  EXPECT_TRUE(host.wait_for_state("my-phone", "frozen"));
  EXPECT_EQ(host.root("POST", "/api/v1/phones/my-phone/dance").status, 404);
  EXPECT_EQ(host.root("PATCH", "/api/v1/phones/my-phone", R"({"name":"New"})").status, 200);
  EXPECT_EQ(host.root_json("/phones/my-phone")["name"], "New");
  EXPECT_EQ(host.root("DELETE", "/api/v1/phones/my-phone").status, 202);
  EXPECT_TRUE(host.wait_for_state("my-phone", ""));
}

TEST_F(RestTest, TheEngineCanCheckTheTicket) {
  ASSERT_EQ(host.root("POST", "/api/v1/phones", R"({"name":"a","image":"tiny"})").status, 201);
  ASSERT_TRUE(host.wait_until([&] { return !host.engine->keys().empty(); }));
  TicketVerifier engine(host.clock);
  const json keys = *parse_json(host.engine->keys());
  ASSERT_TRUE(engine.set_keys({*parse_ticket_public_key(keys["keys"][0].get<std::string>())}));
  const json answer =
      *parse_json(host.root("POST", "/api/v1/phones/a/ticket", R"({"device":"pc"})").body);
  const auto ticket = engine.verify(answer["ticket"].get<std::string>());
  ASSERT_TRUE(ticket) << ticket.error().message();
  EXPECT_EQ(ticket->phone, "a");
  EXPECT_EQ(ticket->device, "pc");
}

TEST_F(RestTest, AnEngineThatComesBackHasKeysAndDisplaysInTime) {
  ASSERT_EQ(
      host.root("POST", "/api/v1/phones", R"({"name":"a","image":"tiny","start":true})").status,
      201);
  ASSERT_TRUE(host.wait_for_state("a", "running"));
  host.kill_engine();
  const auto began = std::chrono::steady_clock::now();
  host.start_engine();
  ASSERT_TRUE(host.wait_until([&] { return host.has_display("a"); }));
  ASSERT_TRUE(host.wait_for_state("a", "running"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_FALSE(host.engine->keys().empty());
}

TEST_F(RestTest, AControllerThatComesBackKnowsEverything) {
  sign_in();
  ASSERT_EQ(people("POST", "/phones", R"({"name":"a","image":"tiny","start":true})").status, 201);
  ASSERT_TRUE(host.wait_for_state("a", "running"));
  host.stop();
  host.start();
  EXPECT_EQ(people("GET", "/phones").status, 200) << "still signed in";
  EXPECT_EQ(people("POST", "/phones/a/freeze").status, 202) << "with the same CSRF token";
  EXPECT_TRUE(host.wait_for_state("a", "frozen"));
}

TEST_F(RestTest, MetricsNamePhonesAndCalls) {
  ASSERT_EQ(host.root("POST", "/api/v1/phones", R"({"name":"a","image":"tiny"})").status, 201);
  const std::string text = host.root("GET", "/metrics").body;
  for (const char* line : {"rackphone_phones{state=\"created\"} 1", "rackphone_api_seconds_count",
                           "rackphone_reconcile_pass_seconds", "rackphone_sign_ins_total"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

}  // namespace
}  // namespace rp
