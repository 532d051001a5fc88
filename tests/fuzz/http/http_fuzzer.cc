// Goal: no bytes of a peer crash the way from parser to handler, what they do not depend on how
// they are cut, and no path leads out of the page's folder. Method: the first byte says where to
// cut the rest; each request parsed is routed, served from a real folder, proxied and checked for
// the invariants below.
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "engine/base/http/codec.h"
#include "engine/base/http/json.h"
#include "engine/base/http/router.h"
#include "engine/front/api_proxy.h"
#include "engine/front/static_files.h"
#include "engine/front/stream_gate.h"

namespace {

using namespace rp;

void require(bool condition) {
  if (!condition) std::abort();
}

// A folder with a page, beside a file that must never be served.
class Site {
 public:
  Site() {
    char name[] = "/tmp/rp_fuzz_http_XXXXXX";
    base_ = ::mkdtemp(name);
    std::filesystem::create_directories(base_ / "root/assets");
    std::ofstream(base_ / "root/index.html") << "page";
    std::ofstream(base_ / "root/assets/a-12345678.js") << "page code";
    std::ofstream(base_ / "outside.txt") << "secret";
    std::filesystem::create_symlink("../outside.txt", base_ / "root/link.txt");
    files_.emplace(std::move(*StaticFiles::open(base_ / "root")));
  }
  ~Site() { std::filesystem::remove_all(base_); }
  [[nodiscard]] const StaticFiles& files() const { return *files_; }

 private:
  std::filesystem::path base_;
  std::optional<StaticFiles> files_;
};

Router make_router(const StaticFiles& files) {
  Router router;
  router.add_sync("PUT", "/v1/phones/{id}", [](const HttpRequest& r) {
    JsonFields fields(r.body);
    (void)fields.integer_or("width", 64, 64, 4096);
    (void)fields.text_or("name", "", 0, 100);
    if (fields.has("keys")) (void)fields.texts("keys", 16, 64);
    require(!r.param("id").empty());
    const auto bad = fields.finish();
    return bad ? *bad : HttpResponse{200, {}, r.param("id")};
  });
  router.add_sync("*", "/api/*", [](const HttpRequest& r) {
    const HttpRequest onward = forwarded(r);
    require(onward.headers.count("X-Forwarded-For") == 1);
    require(!onward.headers.contains("Transfer-Encoding"));
    // What the proxy writes must read back as one request, the same one.
    const std::string bytes = serialise(onward);
    HttpRequestParser parser({.head_bytes = 64 * 1024, .body_bytes = 1 << 20});
    require(parser.feed({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()})
                .has_value());
    require(parser.done());
    const auto again = parser.take();
    require(again && again->request.path == r.path && again->request.body == r.body);
    require(again->request.method == r.method && parser.take_leftover().empty());
    return HttpResponse{200, {}, {}};
  });
  router.add_sync("GET", "/stream", [](const HttpRequest& r) {
    (void)is_same_origin(r);
    (void)websocket_accept(r.headers.get("Sec-WebSocket-Key"));
    (void)r.cookie("rackphone_session");
    return HttpResponse{200, {}, {}};
  });
  router.add_sync("*", "/*", [&files](const HttpRequest& r) {
    HttpResponse response = files.serve(r);
    // An error may repeat the path asked for, and with it any word.
    require(response.status != 200 || response.body.starts_with("page"));
    return response;
  });
  return router;
}

// The requests in `bytes`, one line each. A fault ends them; when it is noticed, before or after
// the head's last line is here, may depend on the cut and is not told.
std::string run(const Router& router, std::span<const std::uint8_t> bytes, std::size_t cut) {
  std::string transcript;
  HttpRequestParser parser({.head_bytes = 4096, .body_bytes = 8192});
  cut = std::min(cut, bytes.size());
  for (auto part : {bytes.first(cut), bytes.subspan(cut)}) {
    while (true) {
      if (auto fed = parser.feed(part); !fed) {
        require(fed.error().status >= 400 && fed.error().status < 600);
        return transcript;
      }
      part = {};
      if (!parser.done()) break;
      auto taken = parser.take();
      if (!taken) return transcript;
      require(taken->request.path.starts_with('/'));
      require(taken->request.path.find("/../") == std::string::npos);
      std::optional<HttpResponse> answer;
      router.handle(taken->request, HttpResponder([&](HttpResponse r) { answer = std::move(r); }));
      require(answer.has_value());
      transcript += std::to_string(answer->status) + " " + taken->request.path + "\n";
    }
  }
  return transcript;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Site site;
  static const Router router = make_router(site.files());
  if (size == 0) return 0;
  const std::span bytes(data + 1, size - 1);
  const std::string whole = run(router, bytes, bytes.size());
  const std::string parts = run(router, bytes, data[0]);
  require(whole == parts);
  HttpResponseParser response({.head_bytes = 4096, .body_bytes = 8192}, (data[0] & 1) != 0);
  if (response.feed(bytes) && (response.done() || response.feed_end())) (void)response.take();
  return 0;
}
