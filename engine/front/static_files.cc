#include "engine/front/static_files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "engine/base/http/json.h"

namespace rp {

namespace {

constexpr std::size_t kMaxFileBytes = 32 << 20;

Result<std::string> read_whole(int fd, std::size_t size) {
  std::string out(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::read(fd, out.data() + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read a file of the page");
    if (got == 0) return fail(ErrorCode::kInternal, "a file of the page shrank while it was read");
    have += static_cast<std::size_t>(got);
  }
  return out;
}

}  // namespace

std::string_view content_type_of(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 18> kTypes = {{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},
      {".webp", "image/webp"},
      {".avif", "image/avif"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".wasm", "application/wasm"},
      {".txt", "text/plain; charset=utf-8"},
      {".ogg", "audio/ogg"},
  }};
  for (const auto& [ending, type] : kTypes) {
    if (path.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

bool has_content_hash(std::string_view path) {
  constexpr std::size_t kHashLength = 8;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const auto dot = name.find('.');
  if (dot == std::string_view::npos || dot < kHashLength + 2) return false;
  if (name[dot - kHashLength - 1] != '-') return false;
  return std::ranges::all_of(name.substr(dot - kHashLength, kHashLength), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
  });
}

bool accepts_gzip(const HttpRequest& request) {
  return std::ranges::any_of(request.headers.list("Accept-Encoding"), [](std::string_view member) {
    const auto semicolon = member.find(';');
    std::string_view coding = member.substr(0, semicolon);
    while (coding.ends_with(' ')) coding.remove_suffix(1);
    if (!equals_ignoring_case(coding, "gzip")) return false;
    if (semicolon == std::string_view::npos) return true;
    // A weight of zero ("q=0", "q=0.000") means: not this one.
    const auto weight = member.find("q=", semicolon);
    return weight == std::string_view::npos ||
           member.substr(weight + 2).find_first_of("123456789") != std::string_view::npos;
  });
}

Result<StaticFiles> StaticFiles::open(const std::string& root) {
  UniqueFd fd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno("open the page's files in " + root + " (see --web-root)");
  return StaticFiles(std::move(fd));
}

Status StaticFiles::check() const {
  const auto index = open_file("index.html");
  if (index || index.error().errno_value != EACCES) return {};
  return fail(
      ErrorCode::kDenied,
      "the page's files cannot be read by the user this runs as; make them readable for all "
      "(chmod -R a+rX on the folder of --web-root)");
}

Result<UniqueFd> StaticFiles::open_file(const std::string& path) const {
  open_how how{};
  // O_NONBLOCK: a FIFO in the tree must not stop the loop.
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof how);
  if (fd < 0) return fail_errno("open " + path);
  UniqueFd file(static_cast<int>(fd));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return fail_errno("look at " + path);
  if (!S_ISREG(info.st_mode)) return fail(ErrorCode::kNotFound, path + " is not a file");
  return file;
}

HttpResponse StaticFiles::serve(const HttpRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = json_error(405, "method_not_allowed", {}, "files are only read: GET");
    response.headers.set("Allow", "GET, HEAD");
    return response;
  }
  std::string path = request.path.substr(std::min<std::size_t>(1, request.path.size()));
  const bool page_route = path.substr(path.rfind('/') + 1).find('.') == std::string::npos;
  if (path.empty() || path.ends_with('/')) path = "index.html";
  auto file = open_file(path);
  if (!file && page_route) {
    path = "index.html";
    file = open_file(path);
    if (!file) {
      return json_error(404, "not_found", {},
                        "the page is not installed: build tools/web and name it with --web-root");
    }
  }
  if (!file) return json_error(404, "not_found", {}, "there is nothing at " + request.path);
  return serve_file(request, path, std::move(*file));
}

HttpResponse StaticFiles::serve_file(const HttpRequest& request, const std::string& path,
                                     UniqueFd file) const {
  HttpResponse response;
  response.headers.set("Content-Type", content_type_of(path));
  response.headers.set("Vary", "Accept-Encoding");
  response.headers.set("Cache-Control",
                       has_content_hash(path) ? "public, max-age=31536000, immutable" : "no-cache");
  if (accepts_gzip(request)) {
    if (auto packed = open_file(path + ".gz")) {
      file = std::move(*packed);
      response.headers.set("Content-Encoding", "gzip");
    }
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return json_error(fail_errno("look at a file").error());
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size > kMaxFileBytes) return json_error(500, "too_large", {}, "the file is over 32 MiB");
  const std::string tag = fmt::format("\"{:x}-{:x}-{:x}\"", info.st_ino, size,
                                      info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec);
  response.headers.set("ETag", tag);
  const auto known = request.headers.list("If-None-Match");
  if (std::ranges::any_of(known, [&](std::string_view entry) {
        if (entry.starts_with("W/")) entry.remove_prefix(2);
        return entry == tag || entry == "*";
      })) {
    response.status = 304;
    return response;
  }
  auto body = read_whole(file.get(), size);
  if (!body) return json_error(body.error());
  response.body = std::move(*body);
  return response;
}

}  // namespace rp
