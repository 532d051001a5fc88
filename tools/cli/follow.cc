#include "tools/cli/follow.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <ostream>
#include <thread>

#include "tools/cli/rest_client.h"

namespace rp {

namespace {

constexpr auto kLook = std::chrono::milliseconds(300);
constexpr std::int64_t kTailBytes = 64 << 10;
constexpr std::size_t kAnchorBytes = 2048;

// A file's identity, to see that it was replaced.
ino_t inode_of(const std::string& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 ? status.st_ino : 0;
}

// From `from` on; moves it to the end.
std::string read_from(const std::string& file, std::int64_t& from) {
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(0, std::ios::end);
  const std::int64_t size = stream.tellg();
  if (size < from) from = 0;
  stream.seekg(from);
  std::string text(static_cast<std::size_t>(std::max<std::int64_t>(size - from, 0)), '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  from = std::max(size, from);
  return text;
}

}  // namespace

std::string_view news_since(std::string_view before, std::string_view now) {
  if (before.empty()) return now;
  const std::string_view anchor =
      before.substr(before.size() - std::min(before.size(), kAnchorBytes));
  const std::size_t found = now.rfind(anchor);
  return found == std::string_view::npos ? now : now.substr(found + anchor.size());
}

int follow_phone_log(CliContext& context, const std::string& path, bool follow) {
  std::string before;
  while (true) {
    auto text = call_controller(context, "GET", path + "/log?bytes=65536");
    if (!text) return report(context, text.error());
    context.out << news_since(before, *text) << std::flush;
    if (!follow) return static_cast<int>(Exit::kOk);
    before = *std::move(text);
    std::this_thread::sleep_for(kLook);
  }
}

int follow_file(CliContext& context, const std::string& file, bool follow) {
  ino_t inode = inode_of(file);
  if (inode == 0)
    return report(context, {Exit::kNotFound, "there is no " + file +
                                                 "; has `rackphone up` run? Services write to the "
                                                 "journal: journalctl -u rackphone-engine"});
  std::int64_t from = 0;
  const std::string text = read_from(file, from);
  std::string_view tail = text;
  if (text.size() > static_cast<std::size_t>(kTailBytes)) {
    tail = tail.substr(text.size() - static_cast<std::size_t>(kTailBytes));
    tail = tail.substr(tail.find('\n') + 1);
  }
  context.out << tail << std::flush;
  if (!follow) return static_cast<int>(Exit::kOk);
  for (;;) {  // until Ctrl-C
    std::this_thread::sleep_for(kLook);
    if (const ino_t now = inode_of(file); now != inode) {
      inode = now;
      from = 0;
    }
    context.out << read_from(file, from) << std::flush;
  }
}

}  // namespace rp
