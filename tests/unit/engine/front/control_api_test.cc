// Goal: the control API says what docs/architecture.md says, and names what is wrong with a
// request. Method: the routes over a directory of phones in memory, without sockets; one test over
// the socket.
#include "engine/front/control_api.h"

#include <unistd.h>

#include <filesystem>
#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/base/http/client.h"
#include "engine/base/random.h"

namespace rp {
namespace {

using nlohmann::json;

// Answers at once, which the interface allows a caller not to rely on either way.
class MemoryPhones final : public PhoneDirectory {
 public:
  void put(PhoneRequest request, std::function<void(Result<PhoneInfo>)> answer) override {
    last = request;
    PhoneInfo info;
    info.id = request.id;
    info.name = request.name;
    info.socket_dir = "/run/phones/" + request.id;
    info.size = request.mode.size;
    answer(phones.try_emplace(request.id, info).first->second);
  }
  void get(std::string id, std::function<void(Result<PhoneInfo>)> answer) override {
    const auto found = phones.find(id);
    if (found == phones.end()) return answer(fail(ErrorCode::kNotFound, "there is no phone " + id));
    answer(found->second);
  }
  void list(std::function<void(std::vector<PhoneInfo>)> answer) override {
    std::vector<PhoneInfo> all;
    for (const auto& [id, info] : phones) all.push_back(info);
    answer(std::move(all));
  }
  void remove(std::string id, std::function<void(Status)> answer) override {
    if (phones.erase(id) == 0) return answer(fail(ErrorCode::kNotFound, "there is no phone " + id));
    answer({});
  }
  PhoneRequest last;
  std::map<std::string, PhoneInfo> phones;
};

class ControlApiTest : public ::testing::Test {
 protected:
  HttpResponse ask(std::string method, std::string target, std::string body = {}) {
    HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    EXPECT_TRUE(split_target(request));
    std::optional<HttpResponse> answer;
    api_.router().handle(std::move(request),
                         HttpResponder([&](HttpResponse r) { answer = std::move(r); }));
    return answer.value_or(HttpResponse{0, {}, "unanswered"});
  }
  std::string field_of(const HttpResponse& response) {
    EXPECT_EQ(response.status, 400) << response.body;
    return json::parse(response.body)["error"].value("field", std::string("-"));
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  MemoryPhones phones_;
  TicketVerifier tickets_{clock_};
  Registry metrics_;
  ControlApi api_{{*loop_,
                   phones_,
                   tickets_,
                   metrics_,
                   2,
                   {{"v4l2", false, false, "no device", "get one"}},
                   {},
                   {{"udmabuf", true, true, "", ""}},
                   {{"kernel", false, false, "no TLS", "modprobe tls"}}}};
};

TEST_F(ControlApiTest, PhonesComeAndGo) {
  const HttpResponse made =
      ask("PUT", "/v1/phones/p-1",
          R"({"name":"Ann's","width":1080,"height":1920,"scale_120":300,"refresh_hz":90})");
  ASSERT_EQ(made.status, 200) << made.body;
  const json body = json::parse(made.body);
  EXPECT_EQ(body["id"], "p-1");
  EXPECT_EQ(body["socket_dir"], "/run/phones/p-1");
  EXPECT_EQ(body["socket"], "wayland-0");
  EXPECT_EQ(phones_.last.mode.size, (Size{1080, 1920}));
  EXPECT_EQ(phones_.last.mode.scale_120, 300);
  EXPECT_EQ(phones_.last.mode.refresh_mhz, 90'000);
  EXPECT_EQ(json::parse(ask("GET", "/v1/phones/p-1").body)["name"], "Ann's");
  EXPECT_EQ(json::parse(ask("GET", "/v1/phones").body)["phones"].size(), 1U);
  EXPECT_EQ(ask("DELETE", "/v1/phones/p-1").status, 204);
  EXPECT_EQ(ask("DELETE", "/v1/phones/p-1").status, 404);
  EXPECT_EQ(ask("GET", "/v1/phones/p-1").status, 404);
}

TEST_F(ControlApiTest, BadPhonesAreNamed) {
  EXPECT_EQ(field_of(ask("PUT", "/v1/phones/UP", "{}")), "id");
  EXPECT_EQ(field_of(ask("PUT", "/v1/phones/" + std::string(41, 'a'), "{}")), "id");
  EXPECT_EQ(field_of(ask("GET", "/v1/phones/a_b")), "id");
  EXPECT_EQ(field_of(ask("PUT", "/v1/phones/a", R"({"height":100})")), "width");
  EXPECT_EQ(field_of(ask("PUT", "/v1/phones/a", R"({"width":63,"height":100})")), "width");
  EXPECT_EQ(field_of(ask("PUT", "/v1/phones/a", R"({"width":100,"height":4097})")), "height");
  EXPECT_EQ(field_of(ask("PUT", "/v1/phones/a", R"({"width":100,"height":100,"scale_120":0})")),
            "scale_120");
  EXPECT_EQ(field_of(ask("PUT", "/v1/phones/a", R"({"width":100,"height":100,"refresh_hz":999})")),
            "refresh_hz");
  EXPECT_EQ(field_of(ask("PUT", "/v1/phones/a", R"({"width":100,"height":100,"colour":1})")),
            "colour");
  EXPECT_EQ(field_of(ask("PUT", "/v1/phones/a", "no")), "-");
  EXPECT_TRUE(phones_.phones.empty());
}

TEST_F(ControlApiTest, TicketKeysAreReplaced) {
  const TicketKey key = TicketKey::generate().value();
  const json body{{"keys", {to_base64(key.public_key())}}};
  EXPECT_EQ(ask("PUT", "/v1/ticket-keys", body.dump()).status, 204);
  EXPECT_EQ(tickets_.key_count(), 1U);
  EXPECT_EQ(field_of(ask("PUT", "/v1/ticket-keys", R"({"keys":["AAAA"]})")), "keys");
  EXPECT_EQ(field_of(ask("PUT", "/v1/ticket-keys", R"({"keys":"x"})")), "keys");
  EXPECT_EQ(field_of(ask("PUT", "/v1/ticket-keys", "{}")), "keys");
  EXPECT_EQ(tickets_.key_count(), 1U) << "a refused call changes nothing";
}

TEST_F(ControlApiTest, HealthAndMetrics) {
  clock_.advance(std::chrono::seconds(7));
  const json health = json::parse(ask("GET", "/v1/health").body);
  EXPECT_EQ(health["status"], "ok");
  EXPECT_EQ(health["uptime_s"], 7);
  EXPECT_EQ(health["shards"], 2);
  EXPECT_EQ(health["version"], RP_VERSION);
  EXPECT_EQ(health["encoders"], json::array({{{"name", "v4l2"},
                                              {"available", false},
                                              {"used", false},
                                              {"reason", "no device"},
                                              {"advice", "get one"}}}));
  EXPECT_EQ(health["shared_memory"], json::array({{{"name", "udmabuf"},
                                                   {"available", true},
                                                   {"used", true},
                                                   {"reason", ""},
                                                   {"advice", ""}}}));
  EXPECT_EQ(health["tls_records"], json::array({{{"name", "kernel"},
                                                 {"available", false},
                                                 {"used", false},
                                                 {"found", "no TLS"},
                                                 {"advice", "modprobe tls"}}}));
  Counter counter;
  counter.add(3);
  const auto handle = metrics_.add("rackphone_test_total", "Test", {}, counter);
  const HttpResponse metrics = ask("GET", "/metrics");
  EXPECT_NE(metrics.body.find("rackphone_test_total 3\n"), std::string::npos);
  EXPECT_EQ(ask("POST", "/metrics").status, 405);
}

TEST_F(ControlApiTest, ServesOnItsSocket) {
  const auto dir =
      std::filesystem::temp_directory_path() / ("rp_control_" + std::to_string(::getpid()));
  std::filesystem::create_directory(dir);
  const std::string path = dir / "control.sock";
  ASSERT_TRUE(api_.listen(path));
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
  HttpClient client(*loop_, path);
  HttpRequest request;
  request.target = "/v1/health";
  std::optional<Result<HttpResponse>> answer;
  client.send(request, std::chrono::seconds(5),
              [&](Result<HttpResponse> r) { answer = std::move(r); });
  for (int i = 0; i < 1000 && !answer; ++i) loop_->run_once(std::chrono::milliseconds(1));
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->status, 200);
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace rp
