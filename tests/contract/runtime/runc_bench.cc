#include "tests/contract/runtime/runc_bench.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "engine/base/subprocess.h"
#include "tests/support/emulation.h"

namespace rp {
namespace {

namespace fs = std::filesystem;

void make_busybox_root(const fs::path& root) {
  for (const char* folder : {"bin", "dev", "proc", "sys", "tmp", "run", "etc", "home"})
    fs::create_directories(root / folder);
  fs::copy_file(find_program("busybox"), root / "bin/busybox");
  std::istringstream names(run_checked({"busybox", "--list"}).value());
  for (std::string name; names >> name;)
    if (name != "busybox") fs::create_symlink("busybox", root / "bin" / name);
}

}  // namespace

std::string RuncBench::missing() {
  if (::geteuid() != 0) return "needs root";
  if (emulated())  // the filter would be arm64's, the phone's programs this machine's
    return "containers need a kernel of the architecture, which user-mode QEMU is not";
  for (const char* program : {"runc", "conmon", "tini-static", "busybox", "nft", "ip"})
    if (find_program(program).empty()) return std::string(program) + " is not installed";
  return {};
}

RuncBench::RuncBench() : folder_("/var/tmp/rp-runc-XXXXXX") {
  EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
  EXPECT_EQ(::chmod(folder_.c_str(), 0711), 0);
  make_busybox_root(folder_ + "/image");
  restart();
}

RuncBench::~RuncBench() {
  if (runtime_ != nullptr) {
    EXPECT_TRUE(runtime_->down());
  }
  fs::remove_all(folder_);
}

void RuncBench::restart() {
  runtime_.reset();
  RuncOptions options;
  options.run_dir = run_dir();
  auto made = RuncRuntime::create(options);
  ASSERT_TRUE(made) << made.error().message();
  runtime_ = std::move(*made);
}

PhoneSpec RuncBench::spec(std::string id, std::string script) {
  PhoneSpec spec;
  spec.data_dir = folder_ + "/data/" + id;
  spec.id = std::move(id);
  spec.rootfs = folder_ + "/image";
  spec.command = {"sh", "-c", std::move(script)};
  return spec;
}

RuntimeCase runc_runtime_case() {
  return {"runc", &RuncBench::missing, [] { return std::make_unique<RuncBench>(); }};
}

}  // namespace rp
