// How long a phone takes to start: from create() to its first Wayland connection, with the tiny
// image under runc, warm (15 times) and cold (3 times, after dropping the page cache). Prints JSON
// in milliseconds.
//   bench_phone_start STATE_DIR RECIPES_DIR [--build]
// Needs root. Without --build the image must be there already.
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <vector>

#include <nlohmann/json.hpp>

#include "containers/images/recipe_store.h"
#include "containers/runtime/runc/runc_runtime.h"

namespace rp {
namespace {

using Clock = std::chrono::steady_clock;

// Removes itself at the end.
struct Scratch {
  std::filesystem::path path = "/var/tmp/rp-bench-XXXXXX";
  Scratch() {
    std::string name = path;
    RP_CHECK(::mkdtemp(name.data()) != nullptr && ::chmod(name.c_str(), 0711) == 0);
    path = name;
    std::filesystem::create_directories(path / "display");
  }
  ~Scratch() { std::filesystem::remove_all(path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

Result<UniqueFd> listen_at(const std::string& path) {
  ::unlink(path.c_str());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 8) != 0 || ::chmod(path.c_str(), 0666) != 0)
    return fail_errno("listen at " + path);
  return fd;
}

Result<double> start_once(RuncRuntime& runtime, const PhoneSpec& spec) {
  RP_ASSIGN(const UniqueFd display, listen_at(spec.display_dir + "/wayland-0"));
  const auto begin = Clock::now();
  RP_TRY(runtime.create(spec));
  RP_TRY(runtime.start(spec.id));
  pollfd connection = {display.get(), POLLIN, 0};
  if (::poll(&connection, 1, 20'000) <= 0)
    return fail(ErrorCode::kTimeout, "the phone did not connect to its display within 20 s");
  const double took_ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  RP_TRY(runtime.remove(spec.id));
  return took_ms;
}

Result<double> median_ms(RuncRuntime& runtime, const PhoneSpec& spec, int times, bool cold) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) {
    if (cold) {
      ::sync();
      std::ofstream("/proc/sys/vm/drop_caches") << "3" << std::flush;
    }
    RP_ASSIGN(const double took, start_once(runtime, spec));
    all.push_back(took);
  }
  std::ranges::sort(all);
  return all[all.size() / 2];
}

Result<nlohmann::json> measure(const std::string& state_dir, const std::string& recipes,
                               bool build) {
  RP_ASSIGN(const auto store, RecipeStore::create({state_dir, {recipes}}));
  RP_ASSIGN(const Image image, build ? store->ensure("tiny", {}, -1) : store->find("tiny"));
  if (image.state != ImageState::kReady)
    return fail(ErrorCode::kNotFound, "the tiny image is not built in " + state_dir);
  const Scratch scratch;
  RuncOptions runc_options;
  runc_options.run_dir = scratch.path / "run";
  RP_ASSIGN(const auto runtime, RuncRuntime::create(runc_options));
  RP_TRY(runtime->up());
  PhoneSpec spec;
  spec.id = "bench";
  spec.rootfs = image.rootfs;
  spec.data_dir = scratch.path / "data";
  spec.display_dir = scratch.path / "display";
  spec.command = image.command;
  spec.environment = image.environment;
  const auto warm = median_ms(*runtime, spec, 15, false);
  const auto cold = warm ? median_ms(*runtime, spec, 3, true) : warm;
  RP_TRY(runtime->down());
  if (!cold) return forward(cold.error());
  return nlohmann::json{{"phone_start_warm_ms", *warm}, {"phone_start_cold_ms", *cold}};
}

}  // namespace
}  // namespace rp

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: bench_phone_start STATE_DIR RECIPES_DIR [--build]\n", stderr);
    return 2;
  }
  const auto result = rp::measure(argv[1], argv[2], argc > 3 && std::string(argv[3]) == "--build");
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    return 1;
  }
  std::puts(result->dump().c_str());
  return 0;
}
