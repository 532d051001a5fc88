// Goal: names, small files, logs and messages of the runc driver. Method: values in, values out.
#include "containers/runtime/runc/bundle_files.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>

#include "containers/runtime/runc/host_network.h"
#include "containers/runtime/runc/instance.h"

namespace rp {
namespace {

std::string scratch(const std::string& text) {
  static int number = 0;
  const std::string path = testing::TempDir() + "rp-files-" + std::to_string(::getpid()) + "-" +
                           std::to_string(++number);
  std::ofstream(path) << text;
  return path;
}

TEST(InstanceTest, NamesAreShortAndOnesOwn) {
  const Instance a("/run/rackphone/phones");
  const Instance b("/run/rackphone/phones2");
  EXPECT_NE(a.tag(), b.tag());
  EXPECT_EQ(a.tag().size(), 6U);
  EXPECT_EQ(a.tag(), Instance("/run/rackphone/phones").tag());
  EXPECT_LE(a.veth(kMaxSlots - 1).size(), 15U);
  EXPECT_LE(a.bridge().size(), 15U);
  std::set<std::string> macs;
  for (int slot = 0; slot < kMaxSlots; ++slot) macs.insert(a.mac(slot));
  EXPECT_EQ(macs.size(), static_cast<std::size_t>(kMaxSlots));
  EXPECT_THAT(a.mac(0x123),
              testing::AllOf(testing::StartsWith("02:"), testing::EndsWith(":01:23")));
  EXPECT_EQ(a.container("p-1"), "rp-" + a.tag() + "-p-1");
}

TEST(BundleFilesTest, ReadsNumbersAndNothingElse) {
  EXPECT_EQ(read_number(scratch("42")), 42);
  EXPECT_EQ(read_number(scratch("42\n")), 42);
  for (const char* text : {"", "\n", "4x", "-", "99999999999999999999", "4 2"})
    EXPECT_EQ(read_number(scratch(text)), std::nullopt) << text;
  EXPECT_EQ(read_number("/nowhere"), std::nullopt);
}

TEST(BundleFilesTest, KnowsProcesses) {
  EXPECT_TRUE(process_runs(::getpid()));
  EXPECT_FALSE(process_runs(0));
  EXPECT_FALSE(process_runs(-5));
  EXPECT_FALSE(process_has_argument(::getpid(), "no such argument"));
}

TEST(BundleFilesTest, TurnsConmonsLogIntoText) {
  const char* raw =
      "2026-01-01T00:00:00.1+00:00 stdout F one\n"
      "2026-01-01T00:00:00.2+00:00 stderr P two \n"
      "2026-01-01T00:00:00.3+00:00 stderr F halves\n"
      "cut\n"
      "2026-01-01T00:00:00.4+00:00 stdout F \n";
  EXPECT_EQ(plain_log(raw, 1000),
            "2026-01-01T00:00:00.1+00:00 one\n2026-01-01T00:00:00.2+00:00 two halves\n"
            "2026-01-01T00:00:00.4+00:00 \n");
  EXPECT_EQ(plain_log(raw, 4), "00 \n");
  EXPECT_EQ(plain_log("", 10), "");
}

TEST(BundleFilesTest, TakesTheReasonOutOfRuncsMessage) {
  EXPECT_EQ(runc_reason("time=\"x\" level=error msg=\"no \\\"x\\\" there\"\n"), "no \"x\" there");
  EXPECT_EQ(runc_reason("plain"), "plain");
  EXPECT_EQ(runc_reason("msg=\"cut"), "cut");
}

TEST(ResolversTest, LeavesOutWhatAPhoneCannotReach) {
  const std::string plain = scratch("# c\nnameserver 192.0.2.1\nnameserver 127.0.0.53\nsearch x\n");
  const std::string loopback = scratch("nameserver 127.0.0.53\nnameserver ::1\nnameserver x\n");
  const std::string many = scratch(
      "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n");
  EXPECT_THAT(upstream_resolvers(plain, "/nowhere"), testing::ElementsAre("192.0.2.1"));
  EXPECT_THAT(upstream_resolvers(loopback, plain), testing::ElementsAre("192.0.2.1"));
  EXPECT_THAT(upstream_resolvers(loopback, "/nowhere"), testing::IsEmpty());
  EXPECT_EQ(upstream_resolvers(many, "/nowhere").size(), 3U);
}

}  // namespace
}  // namespace rp
