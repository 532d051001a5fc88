// rackphone-workload-app: the apps of phones, for `rackphone bench`.
//
// One phone (`--phone`), as it runs in a container: the app of that one, until its display goes.
//
// Many phones in one process: reads commands from standard input, one a line, and ends when it
// closes:
//   phone USER SOCKET EPOCH_US      a phone's app begins; its trace began at EPOCH_US
// Prints "shown USER" once its window is made, or "failed USER: why". One process and one loop hold
// many phones because the apps' CPU is not what is measured, and is reported apart.
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "bench/capacity/app/phone.h"

namespace rp {
namespace {

struct Options {
  std::string workload = "office";
  std::uint64_t seed = 1;
  Size size{720, 1280};
  std::string assets;       // a file of assets; empty: they are drawn
  std::string draw_assets;  // draws them there, and that is all
  std::uint64_t phone = 0;  // the user whose phone it is, with `socket`
  std::string socket;
  std::int64_t epoch_us = 0;
};

class App {
 public:
  App(EventLoop& loop, Workload workload, const Options& options, LoadAssets assets)
      : loop_(loop), workload_(workload), options_(options), assets_(std::move(assets)) {}

  Status listen() {
    RP_ASSIGN(input_, loop_.watch(STDIN_FILENO, EPOLLIN, [this](std::uint32_t) { read(); }));
    return {};
  }

 private:
  void read() {
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got <= 0) return loop_.stop();
    text_.append(buffer.data(), static_cast<std::size_t>(got));
    std::size_t end = 0;
    while ((end = text_.find('\n')) != std::string::npos) {
      command(text_.substr(0, end));
      text_.erase(0, end + 1);
    }
  }

  void command(const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    std::string socket;
    std::uint64_t user = 0;
    std::int64_t epoch_us = 0;
    if (!(words >> verb >> user >> socket >> epoch_us) || verb != "phone") {
      fmt::print(stderr, "rackphone-workload-app: not a command: {}\n", line);
      return;
    }
    auto phone = LoadPhone::create(
        loop_, assets_, {socket, options_.size, workload_, options_.seed, user, {epoch_us}},
        [this, user](const Error& why) {
          fmt::print("failed {}: {}\n", user, why.message());
          std::fflush(stdout);
          loop_.post([this, user] { phones_.erase(user); });
        });
    if (phone) {
      phones_[user] = std::move(*phone);
      fmt::print("shown {}\n", user);
    } else {
      fmt::print("failed {}: {}\n", user, phone.error().message());
    }
    std::fflush(stdout);
  }

  EventLoop& loop_;
  Workload workload_;
  Options options_;
  LoadAssets assets_;
  std::map<std::uint64_t, std::unique_ptr<LoadPhone>> phones_;
  std::string text_;
  EventLoop::Watch input_;
};

Status run_one(EventLoop& loop, const Workload& workload, const LoadAssets& assets,
               const Options& options) {
  Status end;
  RP_ASSIGN(
      const auto phone,
      LoadPhone::create(
          loop, assets,
          {options.socket, options.size, workload, options.seed, options.phone, {options.epoch_us}},
          [&](const Error& why) {
            end = forward(why);
            loop.stop();
          }));
  loop.run();
  return end;
}

Status run(const Options& options) {
  const SystemClock clock;
  RP_ASSIGN(const Workload workload, find_workload(options.workload));
  RP_ASSIGN(LoadAssets assets, options.assets.empty() ? LoadAssets::draw(options.size)
                                                      : LoadAssets::map(options.assets));
  if (!options.draw_assets.empty()) return assets.write(options.draw_assets);
  RP_ASSIGN(const auto loop, EventLoop::create(clock));
  if (!options.socket.empty()) return run_one(*loop, workload, assets, options);
  App app(*loop, workload, options, std::move(assets));
  RP_TRY(app.listen());
  loop->run();
  return {};
}

}  // namespace
}  // namespace rp

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  rp::Options options;
  CLI::App app{"The apps of phones, for `rackphone bench`", "rackphone-workload-app"};
  app.add_option("--workload", options.workload)->capture_default_str();
  app.add_option("--seed", options.seed)->capture_default_str();
  app.add_option("--width", options.size.width)->check(CLI::Range(64, 4096));
  app.add_option("--height", options.size.height)->check(CLI::Range(64, 4096));
  app.add_option("--assets", options.assets, "A file that --draw-assets made");
  app.add_option("--draw-assets", options.draw_assets,
                 "Draw what phones show into a file, and end");
  auto* socket = app.add_option("--socket", options.socket, "One phone's Wayland socket");
  app.add_option("--phone", options.phone, "The user whose phone it is")->needs(socket);
  app.add_option("--epoch-us", options.epoch_us, "When its trace began")->needs(socket);
  CLI11_PARSE(app, argc, argv);
  if (const rp::Status status = rp::run(options); !status) {
    fmt::print(stderr, "rackphone-workload-app: {}\n", status.error().message());
    return 1;
  }
  return 0;
}
