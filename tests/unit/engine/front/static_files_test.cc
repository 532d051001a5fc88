// Goal: the page's files come out with the right type and caching, and nothing outside the root
// does, whatever path, link or special file is tried. Method: a temporary tree; serve() is called
// as the front does, also past the parser, with paths it would have refused.
#include "engine/front/static_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/emulation.h"

namespace rp {
namespace {

namespace fs = std::filesystem;

class StaticFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_ / "assets");
    write("index.html", "<html>");
    write("assets/index-D4f_8aB2.js", "code");
    write("assets/index-D4f_8aB2.js.gz", "packed");
    write("logo.svg", "<svg/>");
    write("../outside.txt", "secret");
    fs::create_symlink("../outside.txt", root_ / "link.txt");
    fs::create_symlink("index.html", root_ / "inner.html");
    ASSERT_EQ(::mkfifo((root_ / "pipe.txt").c_str(), 0600), 0);
    files_.emplace(std::move(*StaticFiles::open(root_)));
  }
  void TearDown() override { fs::remove_all(base_); }
  void write(const fs::path& name, std::string_view text) { std::ofstream(root_ / name) << text; }

  HttpResponse get(std::string path, HttpHeaders headers = {}) {
    HttpRequest request;
    request.path = std::move(path);
    request.headers = std::move(headers);
    return files_->serve(request);
  }

  fs::path base_ = fs::temp_directory_path() / ("rp_static_" + std::to_string(::getpid()));
  fs::path root_ = base_ / "root";
  std::optional<StaticFiles> files_;
};

TEST_F(StaticFilesTest, ServesFiles) {
  if (emulated()) GTEST_SKIP() << kNoOpenat2;
  const HttpResponse page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, "<html>");
  EXPECT_EQ(page.headers.get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.headers.get("Cache-Control"), "no-cache");
  const HttpResponse code = get("/assets/index-D4f_8aB2.js");
  EXPECT_EQ(code.body, "code");
  EXPECT_EQ(code.headers.get("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(code.headers.get("Cache-Control"), "public, max-age=31536000, immutable");
}

TEST_F(StaticFilesTest, PageRoutesAreTheIndex) {
  if (emulated()) GTEST_SKIP() << kNoOpenat2;
  EXPECT_EQ(get("/phones/p1").body, "<html>");
  EXPECT_EQ(get("/assets/").body, "<html>");
  EXPECT_EQ(get("/missing.js").status, 404);
  EXPECT_EQ(get("/assets").body, "<html>") << "a folder is no file";
}

TEST_F(StaticFilesTest, NothingOutsideTheRoot) {
  if (emulated()) GTEST_SKIP() << kNoOpenat2;
  for (const char* path :
       {"/../outside.txt", "/assets/../../outside.txt", "/link.txt", "/inner.html", "/pipe.txt",
        "//etc/passwd", "/assets/../../../../../../../etc/passwd"}) {
    const HttpResponse response = get(path);
    EXPECT_TRUE(response.status == 404 || response.body == "<html>") << path << response.body;
  }
}

TEST_F(StaticFilesTest, GzipWhenTaken) {
  if (emulated()) GTEST_SKIP() << kNoOpenat2;
  const HttpResponse packed =
      get("/assets/index-D4f_8aB2.js", {{"Accept-Encoding", "br, gzip;q=0.8"}});
  EXPECT_EQ(packed.body, "packed");
  EXPECT_EQ(packed.headers.get("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.headers.get("Content-Type"), "text/javascript; charset=utf-8");
  for (const char* none : {"gzip;q=0", "gzip; q=0.000", "br", "xgzip"}) {
    EXPECT_EQ(get("/assets/index-D4f_8aB2.js", {{"Accept-Encoding", none}}).body, "code") << none;
  }
  EXPECT_EQ(get("/logo.svg", {{"Accept-Encoding", "gzip"}}).body, "<svg/>");
}

TEST_F(StaticFilesTest, KnownFilesAreNotSentAgain) {
  if (emulated()) GTEST_SKIP() << kNoOpenat2;
  const std::string tag(get("/logo.svg").headers.get("ETag"));
  const HttpResponse same = get("/logo.svg", {{"If-None-Match", "\"other\", W/" + tag}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.headers.get("ETag"), tag);
  write("logo.svg", "<svg>new</svg>");
  EXPECT_EQ(get("/logo.svg", {{"If-None-Match", tag}}).status, 200);
}

TEST_F(StaticFilesTest, OnlyReads) {
  HttpRequest request;
  request.method = "POST";
  request.path = "/";
  EXPECT_EQ(files_->serve(request).status, 405);
}

TEST_F(StaticFilesTest, SaysWhenThePageIsMissing) {
  fs::remove(root_ / "index.html");
  EXPECT_NE(get("/").body.find("--web-root"), std::string::npos);
  const auto none = StaticFiles::open((base_ / "none").string());
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message().find("--web-root"), std::string::npos);
}

TEST_F(StaticFilesTest, SaysWhenItMayNotReadThePage) {
  EXPECT_TRUE(files_->check());
  fs::permissions(root_ / "index.html", fs::perms::none);
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const Status checked = files_->check();
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::kDenied);
  EXPECT_NE(checked.error().message().find("--web-root"), std::string::npos);
}

// What is opened by a process with rights is served when it has none left.
TEST_F(StaticFilesTest, NeedsNoRightsAboveItsRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has rights to give up";
  fs::permissions(base_, fs::perms::owner_all);
  ASSERT_EQ(::seteuid(65534), 0);
  const Status checked = files_->check();
  const int status = get("/logo.svg").status;
  ASSERT_EQ(::seteuid(0), 0);
  EXPECT_TRUE(checked);
  EXPECT_EQ(status, 200);
}

TEST(StaticFileNamesTest, ContentHash) {
  EXPECT_TRUE(has_content_hash("assets/index-D4f_8aB2.js"));
  EXPECT_TRUE(has_content_hash("x-12345678.woff2"));
  for (const char* name : {"index.html", "assets/index.js", "a-b.js", "-12345678.js",
                           "x-1234567.js", "x-1234 678.js"}) {
    EXPECT_FALSE(has_content_hash(name)) << name;
  }
}

}  // namespace
}  // namespace rp
