// StaticFiles: the page's files. Paths are resolved by the kernel below the root (openat2 with
// RESOLVE_BENEATH and no symbolic links), after the HTTP parser has refused dot segments: two locks
// on one door. Files with a content hash in their name are cached for ever, others are asked for
// again with an ETag. FILE.gz beside FILE is sent to those who take gzip. Thread rule: the front's
// loop; files are small and in the page cache, so they are read at once.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/http/message.h"
#include "engine/base/unique_fd.h"

namespace rp {

class StaticFiles {
 public:
  // kNotFound, saying what to do, when `root` is no directory. A process that then gives up its
  // rights needs none on the folders above.
  [[nodiscard]] static Result<StaticFiles> open(const std::string& root);
  // kDenied when index.html is there and this process may not read it.
  [[nodiscard]] Status check() const;

  // Answers GET and HEAD (others 405) for `request.path`. "/" and unknown paths without a dot are
  // index.html (the page has its own routes); other unknown paths are 404.
  [[nodiscard]] HttpResponse serve(const HttpRequest& request) const;

 private:
  explicit StaticFiles(UniqueFd root) : root_(std::move(root)) {}
  [[nodiscard]] Result<UniqueFd> open_file(const std::string& path) const;
  [[nodiscard]] HttpResponse serve_file(const HttpRequest& request, const std::string& path,
                                        UniqueFd file) const;

  UniqueFd root_;
};

// "text/javascript; charset=utf-8" for "app.js"; application/octet-stream for what is not known.
[[nodiscard]] std::string_view content_type_of(std::string_view path);
// True for names as the bundler makes them: "assets/index-D4f_8aB2.js".
[[nodiscard]] bool has_content_hash(std::string_view path);
// True when an Accept-Encoding field's value takes gzip (RFC 9110 12.5.3).
[[nodiscard]] bool accepts_gzip(const HttpRequest& request);

}  // namespace rp
