// Goal: images come from the host's own distribution only, progress never goes back, and failures
// say what to do. Method: apt's and mmdebstrap's words as they were seen, without running either.
#include "containers/images/root_builder.h"

#include <gmock/gmock.h>

namespace rp {
namespace {
using testing::HasSubstr;

constexpr const char* kDebian = "NAME=\"Debian\"\nVERSION_CODENAME=bookworm\nID=debian\n";

TEST(SourcesTest, TakesTheHostsOwnSuitesOnly) {
  const auto sources = pick_sources(
      "Debian|bookworm|http://a/debian/|bookworm|main\n"
      "Debian|bookworm|http://a/debian/|bookworm|contrib\n"
      "Debian|bookworm-security|http://a/security/|bookworm-security|main\n"
      "Debian Backports|bookworm-backports|http://a/debian/|bookworm-backports|main\n"
      "Debian|trixie|http://a/debian/|trixie|main\n"
      "Docker|bookworm|http://b/|bookworm|stable\n"
      "garbage\n",
      kDebian);
  ASSERT_TRUE(sources) << sources.error().message();
  EXPECT_EQ(sources->suite, "bookworm");
  EXPECT_EQ(sources->lines,
            "deb http://a/debian/ bookworm contrib main\n"
            "deb http://a/security/ bookworm-security main\n");
}

TEST(SourcesTest, SaysWhenThereAreNone) {
  for (const char* known : {"", "|||\n", "$(ORIGIN)|bookworm|http://a/|bookworm|main\n"}) {
    const auto sources = pick_sources(known, kDebian);
    ASSERT_FALSE(sources);
    EXPECT_THAT(sources.error().message(), HasSubstr("apt-get update"));
  }
  EXPECT_FALSE(pick_sources("Debian|bookworm|http://a/|bookworm|main\n", "ID=debian\n"));
}

TEST(BuildProgressTest, GoesForwardThroughItsStages) {
  std::vector<ImageProgress> seen;
  const ImageProgressCallback callback = [&](const ImageProgress& p) { seen.push_back(p); };
  BuildProgress progress("x", callback);
  progress.stage("lists", 1, "sources");
  for (const char* line :
       {"I: running apt-get update...", "I: downloading packages with apt...",
        "0 upgraded, 3 newly installed, 0 to remove and 0 not upgraded.",
        "Get:1 http://a x 1 [1 B]", "I: extracting archives...",
        "I: installing essential packages...", "Unpacking a ...", "Setting up a ...", "noise",
        "I: installing remaining packages inside the chroot...", "Setting up b ...",
        "Setting up c ...", "Setting up d ...", "I: success in 3 seconds"})
    progress.line(line);
  ASSERT_GT(seen.size(), 10U);
  for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_GE(seen[i].percent, seen[i - 1].percent);
  EXPECT_EQ(seen.back().stage, "built");
  EXPECT_LE(seen.back().percent, 95);
  EXPECT_EQ(seen.back().image, "x");
}

TEST(BuildProgressTest, BoundsItsDetail) {
  std::string detail;
  const ImageProgressCallback callback = [&](const ImageProgress& p) { detail = p.detail; };
  BuildProgress progress("x", callback);
  progress.stage("lists", 1, std::string(5000, 'x'));
  EXPECT_EQ(detail.size(), 200U);
}

TEST(BuildFailureTest, SaysWhatToDo) {
  Recipe recipe;
  recipe.name = "x";
  const auto says = [&](std::string_view output) {
    return explain_build_failure(recipe, output).message();
  };
  EXPECT_THAT(says("dpkg: error: No space left on device\nE: failed\n"), HasSubstr("disk is full"));
  EXPECT_THAT(says("E: Unable to locate package fooo\nE: apt failed\n"),
              HasSubstr("no package fooo"));
  EXPECT_THAT(says("Err:1 http://a\n  Temporary failure resolving 'a'\nE: failed\n"),
              HasSubstr("check the network"));
  EXPECT_THAT(says("I: x\nE: something odd\nI: cleaning\n"), HasSubstr("E: something odd"));
  EXPECT_THAT(says(""), HasSubstr("mmdebstrap failed"));
}

}  // namespace
}  // namespace rp
