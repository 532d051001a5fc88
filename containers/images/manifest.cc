#include "containers/images/manifest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "engine/base/unique_fd.h"

namespace rp {
namespace {

namespace fs = std::filesystem;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    RP_CHECK(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void add(const void* bytes, std::size_t size) {
    RP_CHECK(EVP_DigestUpdate(context_.get(), bytes, size) == 1);
  }
  [[nodiscard]] std::string hex() {
    std::array<unsigned char, 32> digest{};
    RP_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
    std::string out;
    for (const unsigned char byte : digest) out += fmt::format("{:02x}", byte);
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

Result<std::string> hash_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno("read " + path);
  Sha256 hash;
  std::vector<char> chunk(std::size_t{1} << 18);
  for (;;) {
    const ssize_t n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read " + path);
    if (n == 0) return hash.hex();
    hash.add(chunk.data(), static_cast<std::size_t>(n));
  }
}

Result<std::string> describe(const std::string& path, const struct stat& info) {
  if (S_ISREG(info.st_mode)) return hash_file(path);
  if (!S_ISLNK(info.st_mode)) return fmt::format("{}", info.st_rdev);
  std::error_code error;
  const std::string target = fs::read_symlink(path, error);
  if (error) return fail_errno(error.value(), "read link " + path);
  return target;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes.data(), bytes.size());
  return hash.hex();
}

Result<Manifest> make_manifest(const std::string& root) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::recursive_directory_iterator it(root, error), end; !error && it != end;
       it.increment(error))
    paths.push_back(it->path());
  if (error) return fail_errno(error.value(), "read " + root);
  std::ranges::sort(paths);
  Manifest manifest;
  std::set<ino_t> seen;
  for (const auto& path : paths) {
    struct stat info = {};
    if (::lstat(path.c_str(), &info) != 0) return fail_errno("look at " + path);
    RP_ASSIGN(const std::string what, describe(path, info));
    manifest.text += fmt::format("{}\t{:o}\t{}\t{}\t{}\n", path.substr(root.size()), info.st_mode,
                                 info.st_uid, info.st_gid, what);
    if (S_ISREG(info.st_mode) && seen.insert(info.st_ino).second)
      manifest.size_bytes += info.st_size;
  }
  return manifest;
}

std::string first_difference(std::string_view expected, std::string_view found) {
  while (!expected.empty() || !found.empty()) {
    const std::size_t left = std::min(expected.find('\n'), expected.size());
    const std::size_t right = std::min(found.find('\n'), found.size());
    const std::string_view a = expected.substr(0, left);
    const std::string_view b = found.substr(0, right);
    if (a != b) {
      // Of a file that is missing or new, the smaller path is the one that only one side has.
      const std::string_view path_a = a.substr(0, a.find('\t'));
      const std::string_view path_b = b.substr(0, b.find('\t'));
      if (path_a.empty()) return std::string(path_b);
      return std::string(path_b.empty() ? path_a : std::min(path_a, path_b));
    }
    expected.remove_prefix(std::min(left + 1, expected.size()));
    found.remove_prefix(std::min(right + 1, found.size()));
  }
  return {};
}

}  // namespace rp
