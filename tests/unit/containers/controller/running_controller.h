// A whole controller on its own thread, with a fake runtime and images, and an engine that speaks
// the control API over a real unix socket but has no pixels. Tests ask it through its real sockets.
#pragma once

#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "containers/controller/controller.h"
#include "containers/runtime/fake/fake_runtime.h"
#include "engine/base/http/json.h"
#include "engine/base/log.h"
#include "tests/unit/containers/controller/fakes.h"

namespace rp {

// The engine's control API, as docs/architecture.md has it.
class EngineDouble {
 public:
  // `displays` outlives the double: an engine lives on while its controller restarts.
  EngineDouble(EventLoop& loop, const std::string& path, std::set<std::string>& displays)
      : displays_(displays) {
    router_.add_sync("GET", "/v1/health", [](const HttpRequest&) {
      const auto row = [](const char* name, bool available, bool used) {
        return nlohmann::json{{"name", name},
                              {"available", available},
                              {"used", used},
                              {"reason", available ? "" : std::string("no ") + name},
                              {"advice", available ? "" : std::string("get ") + name}};
      };
      return json_response(
          200, {{"status", "ok"},
                {"version", "double"},
                {"encoders",
                 {row("v4l2", false, false), row("vaapi", true, true), row("nvenc", false, false)}},
                {"composers", {row("vulkan", false, false), row("cpu", true, true)}},
                {"shared_memory", nlohmann::json::array({row("udmabuf", true, true)})}});
    });
    router_.add_sync("PUT", "/v1/ticket-keys", [this](const HttpRequest& request) {
      const std::lock_guard lock(mutex_);
      keys_ = request.body;
      return HttpResponse{204, {}, {}};
    });
    router_.add_sync("GET", "/v1/phones", [this](const HttpRequest&) {
      nlohmann::json list = nlohmann::json::array();
      for (const std::string& id : displays_)
        list.push_back(
            {{"id", id}, {"socket_dir", "/run/x/" + id}, {"clients", 1}, {"new", "field"}});
      return json_response(200, {{"phones", list}});
    });
    router_.add_sync("PUT", "/v1/phones/{id}", [this](const HttpRequest& request) {
      displays_.insert(request.param("id"));
      return json_response(200, {{"id", request.param("id")}});
    });
    router_.add_sync("DELETE", "/v1/phones/{id}", [this](const HttpRequest& request) {
      return HttpResponse{displays_.erase(request.param("id")) > 0 ? 204 : 404, {}, {}};
    });
    server_ = std::make_unique<HttpServer>(loop, router_.handler());
    auto socket = listen_unix_fresh(path, {.mode = 0600});
    EXPECT_TRUE(socket) << socket.error().message();
    EXPECT_TRUE(server_->listen(*std::move(socket)));
  }
  std::string keys() {
    const std::lock_guard lock(mutex_);
    return keys_;
  }

 private:
  Router router_;
  std::set<std::string>& displays_;
  std::mutex mutex_;
  std::string keys_;
  std::unique_ptr<HttpServer> server_;
};

struct RunningController {
  RunningController() {
    set_log_level(LogLevel::kOff);
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder + "/run/engine");
    images.add("demo", ImageState::kAbsent);
    start();
  }
  ~RunningController() {
    stop();
    std::filesystem::remove_all(folder);
  }

  void start() {
    std::promise<void> ready;
    thread = std::thread([this, &ready] { serve(ready); });
    ready.get_future().wait();
  }
  void stop() {
    if (!thread.joinable()) return;
    loop->stop();
    thread.join();
  }
  // On the loop's thread, and back when it is done.
  void on_loop(const std::function<void()>& what) {
    std::promise<void> done;
    loop->post([&] {
      what();
      done.set_value();
    });
    done.get_future().wait();
  }
  void kill_engine() {
    on_loop([this] {
      engine.reset();
      displays.clear();
    });
  }
  void start_engine() {
    on_loop([this] { engine = std::make_unique<EngineDouble>(*loop, engine_socket, displays); });
  }

  HttpResponse ask(const std::string& socket, const std::string& method, const std::string& target,
                   const std::string& body = {}, HttpHeaders headers = {}) const {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers = std::move(headers);
    request.headers.set("Host", "test");
    if (!body.empty() && !request.headers.contains("Content-Type"))
      request.headers.set("Content-Type", "application/json");
    request.body = body;
    auto response = fetch(HttpEndpoint(socket), request, std::chrono::seconds(20));
    EXPECT_TRUE(response) << response.error().message();
    return response ? *response : HttpResponse{};
  }
  HttpResponse root(const std::string& method, const std::string& target,
                    const std::string& body = {}) const {
    return ask(Controller::root_socket(folder + "/run"), method, target, body);
  }
  nlohmann::json root_json(const std::string& target) const {
    return *parse_json(root("GET", "/api/v1" + target).body);
  }
  static bool wait_until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return done();
  }
  bool wait_for_state(const std::string& id, const std::string& state) const {
    return wait_until([&] { return root_json("/phones/" + id).value("state", "") == state; });
  }
  bool has_display(const std::string& id) {
    bool found = false;
    on_loop([&] { found = displays.contains(id); });
    return found;
  }

  std::string folder = testing::TempDir() + "rpc_" + std::to_string(::getpid());
  std::string engine_socket = folder + "/run/engine/control.sock";
  SystemClock clock;
  SystemRandom random;
  FakeRuntime runtime;
  FakeImages images;
  TicketKey key = *TicketKey::generate();
  std::set<std::string> displays;  // the loop's thread
  std::unique_ptr<EventLoop> loop;
  std::unique_ptr<EngineDouble> engine;
  std::thread thread;

 private:
  void serve(std::promise<void>& ready) {
    loop = *EventLoop::create(clock);
    engine = std::make_unique<EngineDouble>(*loop, engine_socket, displays);
    ControllerOptions options;
    options.state_dir = folder + "/state";
    options.run_dir = folder + "/run";
    options.engine_socket = engine_socket;
    options.sign_in.cost = {.passes = 1, .memory_kib = 64, .lanes = 1};
    options.reconciler.poll = std::chrono::milliseconds(200);
    {
      auto controller = Controller::create({*loop, runtime, images, key, random}, options);
      EXPECT_TRUE(controller) << controller.error().message();
      ready.set_value();
      if (controller) loop->run();
    }
    engine.reset();
  }
};

}  // namespace rp
