#include "bench/capacity/host/bench_image.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/base/subprocess.h"

namespace rp {
namespace {

namespace fs = std::filesystem;

// From ldd(1), a line each: "libz.so.1 => /lib/…/libz.so.1 (0x…)", "/lib64/ld-….so.2 (0x…)".
Result<std::vector<std::string>> libraries_of(const std::string& program) {
  RP_ASSIGN(const std::string text, run_checked({"ldd", program}));
  std::vector<std::string> found;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word == "not") return fail(ErrorCode::kNotFound, "a library of " + program + " is missing");
    if (word.starts_with('/')) found.push_back(word);
  }
  return found;
}

Status copy_file(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_directories(fs::path(to).parent_path(), error);
  if (!error) fs::copy_file(fs::canonical(from, error), to, error);
  if (error) return fail_errno(error.value(), "copy " + from + " to " + to);
  if (::chmod(to.c_str(), 0755) != 0) return fail_errno("chmod " + to);
  return {};
}

}  // namespace

Status make_bench_image(const std::string& root, const std::string& app_program, Size display) {
  std::error_code error;
  for (const char* folder :
       {"/dev", "/etc", "/proc", "/run", "/sys", "/tmp", "/usr/share/rackphone"})
    if (!fs::create_directories(root + folder, error) && error)
      return fail_errno(error.value(), "make " + root + folder);
  // What the runtime mounts over.
  for (const char* name : {"/etc/resolv.conf", "/etc/hosts", "/etc/machine-id"})
    std::ofstream(root + name).flush();
  RP_TRY(copy_file(app_program, root + kBenchAppInImage));
  RP_ASSIGN(const auto libraries, libraries_of(app_program));
  for (const std::string& library : libraries) RP_TRY(copy_file(library, root + library));
  RP_TRY(run_checked({app_program, "--draw-assets", root + kBenchAssetsInImage, "--width",
                      std::to_string(display.width), "--height", std::to_string(display.height)}));
  if (::chmod((root + kBenchAssetsInImage).c_str(), 0644) != 0)
    return fail_errno("chmod the image's assets");
  return {};
}

}  // namespace rp
