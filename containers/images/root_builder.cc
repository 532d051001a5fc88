#include "containers/images/root_builder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "engine/base/subprocess.h"

namespace rp {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// mmdebstrap's own lines ("I: …") mark stages; the percentages are shares of a measured build.
struct Stage {
  std::string_view marker;
  const char* name;
  int begin_percent;
  int end_percent;
};
constexpr std::array<Stage, 7> kStages = {{
    {"I: running apt-get update", "lists", 2, 8},
    {"I: downloading packages", "download", 8, 20},
    {"I: extracting archives", "unpack", 20, 25},
    {"I: installing essential", "configure", 25, 35},
    {"I: installing remaining", "install", 35, 92},
    {"I: cleaning package lists", "clean", 92, 94},
    {"I: success", "built", 94, 95},
}};

std::string value_of(std::string_view os_release, std::string_view key) {
  std::istringstream lines{std::string(os_release)};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != '=') continue;
    std::string value = line.substr(key.size() + 1);
    std::erase(value, '"');
    return value;
  }
  return {};
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(line);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

Result<AptSources> host_sources(int cancel_fd) {
  std::ifstream file("/etc/os-release");
  const std::string os_release(std::istreambuf_iterator<char>(file), {});
  const std::vector<std::string> ask = {"apt-get", "indextargets", "--format",
                                        "$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)",
                                        "Created-By: Packages"};
  RP_ASSIGN(const std::string known, run_checked(ask));
  if (auto sources = pick_sources(known, os_release)) return sources;
  // apt knows a source's origin only after its first update.
  RP_ASSIGN(const auto update,
            run_command({.argv = {"apt-get", "update"}, .deadline = 5min, .cancel_fd = cancel_fd}));
  if (update.exit_status != 0)
    return fail(ErrorCode::kUnavailable,
                "apt-get update failed: check the network and /etc/apt/sources.list");
  RP_ASSIGN(const std::string updated, run_checked(ask));
  return pick_sources(updated, os_release);
}

Status write_owned(const fs::path& path, const RecipeFile& file) {
  std::error_code error;
  for (fs::path folder; const auto& part : path.parent_path()) {
    folder /= part;
    if (fs::exists(folder, error)) continue;
    if (!fs::create_directory(folder, error))
      return fail_errno(error.value(), "make " + folder.string());
    if (::lchown(folder.c_str(), file.owner, file.owner) != 0)
      return fail_errno("chown " + folder.string());
  }
  // Never through a link that a package left: it could lead out of the image.
  if (fs::is_symlink(path, error)) fs::remove(path, error);
  const UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, file.mode));
  if (!fd) return fail_errno("write " + path.string());
  if (::write(fd.get(), file.content.data(), file.content.size()) !=
      static_cast<ssize_t>(file.content.size()))
    return fail_errno("write " + path.string());
  if (::fchmod(fd.get(), file.mode) != 0 || ::fchown(fd.get(), file.owner, file.owner) != 0)
    return fail_errno("set owner of " + path.string());
  return {};
}

Status append(const fs::path& path, const std::string& line) {
  std::ofstream file(path, std::ios::app);
  file << line << "\n" << std::flush;
  return file.good() ? Status() : fail(ErrorCode::kInternal, "append to " + path.string());
}

// What every image has: the account, an empty resolv.conf, hosts and machine-id for the runtime to
// mount over.
Status finish_root(const Recipe& recipe, const fs::path& root) {
  const std::string id = std::to_string(recipe.user);
  RP_TRY(append(root / "etc/passwd", "phone:x:" + id + ":" + id + ":Phone:/home/phone:/bin/sh"));
  RP_TRY(append(root / "etc/group", "phone:x:" + id + ":"));
  RP_TRY(append(root / "etc/shadow", "phone:*:19000:0:99999:7:::"));
  for (const char* name : {"/etc/resolv.conf", "/etc/hosts", "/etc/machine-id"})
    RP_TRY(write_owned(root / std::string(name).substr(1), {name, "", 0644, 0}));
  RP_TRY(write_owned(root / "home/phone/.profile", {"", "", 0644, recipe.user}));
  for (const auto& file : recipe.files) RP_TRY(write_owned(root / file.path.substr(1), file));
  return {};
}

Status check_space(const Recipe& recipe, const std::string& target) {
  struct statvfs disk = {};
  const std::string folder = fs::path(target).parent_path();
  if (::statvfs(folder.c_str(), &disk) != 0) return fail_errno("look at the disk of " + folder);
  const auto free_mib = static_cast<std::int64_t>(disk.f_bavail * disk.f_frsize >> 20);
  if (free_mib >= recipe.size_mib) return {};
  return fail(ErrorCode::kExhausted,
              "image " + recipe.name + " needs " + std::to_string(recipe.size_mib) + " MiB in " +
                  folder + " and " + std::to_string(free_mib) +
                  " MiB are free: free some space or move the state directory");
}

CommandOptions build_command(const Recipe& recipe, const std::string& target,
                             const AptSources& sources) {
  std::string include;
  for (const auto& package : recipe.packages) include += (include.empty() ? "" : ",") + package;
  CommandOptions command;
  // mmdebstrap mounts parts of the host into the root it builds. In namespaces of its own these
  // mounts are seen by nobody else, least of all by what removes a half-built root, and they end
  // with it. It ends with us: setpriv kills unshare then, and unshare the first process inside,
  // with which all others there end (pid_namespaces(7)).
  command.argv = {
      "setpriv",           "--pdeathsig", "KILL",        "unshare",   "--mount",
      "--propagation",     "private",     "--pid",       "--fork",    "--kill-child",
      "--mount-proc",      "mmdebstrap",  "--mode=root", "--verbose", "--variant=essential",
      "--format=directory"};
  if (!include.empty()) command.argv.push_back("--include=" + include);
  for (const char* path : {"/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*",
                           "/usr/share/help/*", "/usr/share/locale/*", "/usr/share/lintian/*"})
    command.argv.push_back(std::string("--dpkgopt=path-exclude=") + path);
  command.argv.insert(command.argv.end(), {sources.suite, target, "-"});
  command.input = sources.lines;
  command.environment = {{"LC_ALL", "C.UTF-8"}, {"DEBIAN_FRONTEND", "noninteractive"}};
  command.deadline = 45min;
  command.max_output_bytes = std::size_t{4} << 20;
  return command;
}

}  // namespace

Result<AptSources> pick_sources(std::string_view index_targets, std::string_view os_release) {
  AptSources sources;
  sources.suite = value_of(os_release, "VERSION_CODENAME");
  const std::string distribution = value_of(os_release, "ID");
  std::map<std::pair<std::string, std::string>, std::set<std::string>> components;
  std::istringstream lines{std::string(index_targets)};
  for (std::string line; std::getline(lines, line);) {
    const auto fields = split(line, '|');
    if (fields.size() != 5 || lower(fields[0]) != lower(distribution)) continue;
    const std::string& suite = sources.suite;
    for (const std::string& wanted : {suite, suite + "-updates", suite + "-security"})
      if (fields[1] == wanted || fields[3] == wanted)
        components[{fields[2], fields[3]}].insert(fields[4]);
  }
  if (sources.suite.empty() || components.empty())
    return fail(ErrorCode::kUnavailable,
                "apt knows no source of this host's own distribution: check /etc/apt/sources.list "
                "and run apt-get update");
  for (const auto& [source, names] : components) {
    sources.lines += "deb " + source.first + " " + source.second;
    for (const auto& name : names) sources.lines += " " + name;
    sources.lines += "\n";
  }
  return sources;
}

BuildProgress::BuildProgress(std::string image, const ImageProgressCallback& callback)
    : callback_(callback) {
  now_.image = std::move(image);
}

void BuildProgress::stage(std::string_view stage, int percent, std::string_view detail) {
  now_.stage = stage;
  now_.percent = std::max(now_.percent, percent);
  now_.detail = detail.substr(0, 200);
  if (callback_) callback_(now_);
}

void BuildProgress::line(std::string_view text) {
  for (const auto& known : kStages) {
    if (!text.starts_with(known.marker)) continue;
    stage_begin_percent_ = known.begin_percent;
    stage_end_percent_ = known.end_percent;
    stage_steps_ = 0;
    return stage(known.name, known.begin_percent, text.substr(3));
  }
  // "0 upgraded, 333 newly installed, 0 to remove …"
  if (const std::size_t at = text.find(" newly installed"); at != std::string_view::npos) {
    const std::size_t start = text.rfind(' ', at - 1) + 1;
    packages_ = std::max(packages_, std::atoi(std::string(text.substr(start, at - start)).c_str()));
  }
  const bool step =
      text.starts_with("Get:") || text.starts_with("Unpacking ") || text.starts_with("Setting up ");
  if (!step) return;
  ++stage_steps_;
  // Each package is fetched, unpacked and set up once.
  const int all = std::max(packages_ * 3, stage_steps_ + 1);
  const int span = stage_end_percent_ - stage_begin_percent_;
  stage(now_.stage, stage_begin_percent_ + span * stage_steps_ / all, text);
}

Error explain_build_failure(const Recipe& recipe, std::string_view output) {
  const std::string image = "image " + recipe.name + ": ";
  const auto has = [&](std::string_view text) { return output.find(text) != output.npos; };
  if (has("No space left on device"))
    return {ErrorCode::kExhausted, 0,
            image + "the disk is full: free some space or move the state directory"};
  constexpr std::string_view kMissing = "Unable to locate package ";
  if (const std::size_t at = output.find(kMissing); at != output.npos) {
    const auto name = output.substr(at + kMissing.size());
    return {ErrorCode::kInvalid, 0,
            image + "this host's apt sources have no package " +
                std::string(name.substr(0, std::min(name.find('\n'), name.size())))};
  }
  for (const std::string_view sign : {"Temporary failure resolving", "Could not resolve",
                                      "Could not connect", "Failed to fetch", "Connection failed"})
    if (has(sign))
      return {
          ErrorCode::kUnavailable, 0,
          image + "apt cannot reach its servers: check the network (apt-get update) and try again"};
  while (!output.empty() && output.back() == '\n') output.remove_suffix(1);
  const std::size_t start = output.rfind("\nE: ");
  const std::string_view reason =
      start == output.npos ? output.substr(output.rfind('\n') + 1) : output.substr(start + 1);
  return {ErrorCode::kInternal, 0,
          image + "mmdebstrap failed: " +
              std::string(reason.substr(0, std::min<std::size_t>({reason.find('\n'), 300})))};
}

Status build_root(const Recipe& recipe, const std::string& target, BuildProgress& progress,
                  int cancel_fd) {
  if (::geteuid() != 0)
    return fail(ErrorCode::kDenied, "building an image needs root: run this with sudo");
  if (find_program("mmdebstrap").empty())
    return fail(ErrorCode::kNotFound,
                "the program mmdebstrap is missing: apt-get install mmdebstrap");
  RP_TRY(check_space(recipe, target));
  progress.stage("lists", 1, "reading the host's apt sources");
  RP_ASSIGN(const AptSources sources, host_sources(cancel_fd));
  CommandOptions command = build_command(recipe, target, sources);
  command.cancel_fd = cancel_fd;
  std::string tail;
  command.on_error_line = [&](std::string_view line) {
    progress.line(line);
    tail.append(line).push_back('\n');
    if (tail.size() > 32'768) tail.erase(0, 16'384);
  };
  RP_ASSIGN(const CommandResult result, run_command(command));
  if (result.exit_status != 0) return forward(explain_build_failure(recipe, tail));
  progress.stage("files", 95, "writing the recipe's files");
  return finish_root(recipe, target);
}

}  // namespace rp
