// Goal: a controller killed with -9 at any moment has lost nothing it had answered, and the next
// one goes on. Method: the controller runs in a child process; the parent makes phones through its
// socket as fast as it can, kills it in the middle, starts another on the same folder, and looks
// for every phone that was acknowledged. The runtime is a fake that dies with its process, so the
// next one has to start them again.
#include <sys/wait.h>

#include <atomic>
#include <csignal>

#include "tests/unit/containers/controller/running_controller.h"

namespace rp {
namespace {

struct KillTest : testing::Test {
  ~KillTest() override {
    end();
    std::filesystem::remove_all(folder);
  }
  // Forked before any thread is made, so that the child may do as it likes.
  void start() {
    child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) serve();
    ASSERT_TRUE(
        RunningController::wait_until([this] { return ask("GET", "/status").has_value(); }));
  }
  void end() {
    if (child <= 0) return;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    child = 0;
  }
  Result<HttpResponse> ask(const std::string& method, const std::string& target,
                           const std::string& body = {}) const {
    HttpRequest request;
    request.method = method;
    request.target = "/api/v1" + target;
    request.headers = {{"Host", "test"}, {"Content-Type", "application/json"}};
    request.body = body;
    return fetch(HttpEndpoint(Controller::root_socket(folder)), request, std::chrono::seconds(5));
  }
  [[noreturn]] void serve() const {
    set_log_level(LogLevel::kOff);
    SystemClock clock;
    SystemRandom random;
    FakeRuntime runtime;
    FakeImages images;
    const TicketKey key = *TicketKey::generate();
    const auto loop = *EventLoop::create(clock);
    std::set<std::string> displays;
    const EngineDouble engine(*loop, folder + "/engine.sock", displays);
    ControllerOptions options;
    options.state_dir = options.run_dir = folder;
    options.engine_socket = folder + "/engine.sock";
    const auto controller = Controller::create({*loop, runtime, images, key, random}, options);
    if (!controller) ::_exit(1);
    loop->run();
    ::_exit(0);
  }

  std::string folder = [] {
    std::string made = testing::TempDir() + "rpk_" + std::to_string(::getpid());
    std::filesystem::remove_all(made);
    std::filesystem::create_directories(made);
    return made;
  }();
  pid_t child = 0;
};

TEST_F(KillTest, NothingAnsweredIsLost) {
  std::vector<std::string> acknowledged;
  for (int round = 0; round < 5; ++round) {
    start();
    std::atomic<bool> answered = false;
    std::thread killer([&] {
      // The first kill may come before any answer, the others not, however slow the machine is.
      if (round > 0) RunningController::wait_until([&] { return answered.load(); });
      std::this_thread::sleep_for(std::chrono::milliseconds(20 + 17 * round));
      ::kill(child, SIGKILL);
    });
    for (int n = 0; n < 1000; ++n) {
      const auto answer = ask("POST", "/phones", R"({"name":"p","image":"tiny","start":true})");
      if (!answer || answer->status != 201) break;
      answered = true;
      acknowledged.push_back((*parse_json(answer->body))["id"]);
    }
    killer.join();
    end();
  }
  start();
  ASSERT_FALSE(acknowledged.empty());
  const auto state_of = [this](const std::string& id) {
    const auto answer = ask("GET", "/phones/" + id);
    if (!answer || answer->status != 200) return std::string("lost");
    return parse_json(answer->body)->value("state", "");
  };
  for (const std::string& id : acknowledged) EXPECT_NE(state_of(id), "lost") << id;
  EXPECT_TRUE(
      RunningController::wait_until([&] { return state_of(acknowledged.front()) == "running"; }));
}

}  // namespace
}  // namespace rp
