// Goal: validate() bounds every field of a phone's spec and names the one that is wrong. Method:
// one good spec, spoilt one field at a time.
#include "containers/runtime/runtime.h"

#include <functional>

#include <gmock/gmock.h>

namespace rp {
namespace {

PhoneSpec good_spec() {
  PhoneSpec spec;
  spec.id = "p-1";
  spec.rootfs = "/images/x/rootfs";
  spec.data_dir = "/phones/p-1";
  spec.display_dir = "/run/display/p-1";
  spec.command = {"foot"};
  spec.environment = {{"LANG", "C.UTF-8"}};
  return spec;
}

TEST(PhoneSpecTest, AGoodOneIsGood) {
  EXPECT_TRUE(validate(good_spec()));
  PhoneSpec without_display = good_spec();
  without_display.display_dir.clear();
  EXPECT_TRUE(validate(without_display));
}

TEST(PhoneSpecTest, NamesTheFieldThatIsWrong) {
  const std::string long_text(5000, 'x');
  const std::pair<const char*, std::function<void(PhoneSpec&)>> cases[] = {
      {"id", [](PhoneSpec& s) { s.id = "UP"; }},
      {"id", [](PhoneSpec& s) { s.id = "../../etc"; }},
      {"rootfs", [](PhoneSpec& s) { s.rootfs = "relative"; }},
      {"rootfs", [](PhoneSpec& s) { s.rootfs = "/a,upperdir=/etc"; }},
      {"rootfs", [](PhoneSpec& s) { s.rootfs = "/a:/etc"; }},
      {"data_dir", [](PhoneSpec& s) { s.data_dir.clear(); }},
      {"data_dir", [&](PhoneSpec& s) { s.data_dir = "/" + long_text; }},
      {"display_dir", [](PhoneSpec& s) { s.display_dir = "run"; }},
      {"command", [](PhoneSpec& s) { s.command.clear(); }},
      {"command", [](PhoneSpec& s) { s.command = {""}; }},
      {"command", [&](PhoneSpec& s) { s.command.push_back(long_text); }},
      {"command", [](PhoneSpec& s) { s.command.resize(65, "x"); }},
      {"command", [](PhoneSpec& s) { s.command.push_back(std::string("a\0b", 3)); }},
      {"environment",
       [](PhoneSpec& s) {
         s.environment.push_back({"", "x"});
       }},
      {"environment",
       [](PhoneSpec& s) {
         s.environment.push_back({"A=B", "x"});
       }},
      {"environment",
       [&](PhoneSpec& s) {
         s.environment.push_back({"A", long_text});
       }},
      {"environment",
       [](PhoneSpec& s) {
         s.environment.resize(129, {"A", "B"});
       }},
      {"user", [](PhoneSpec& s) { s.user = 65536; }},
      {"limits.pids", [](PhoneSpec& s) { s.limits.pids = -1; }},
      {"limits.memory_bytes", [](PhoneSpec& s) { s.limits.memory_bytes = 1; }},
      {"limits.cpu_milli", [](PhoneSpec& s) { s.limits.cpu_milli = 0; }},
  };
  for (const auto& [field, spoil] : cases) {
    PhoneSpec spec = good_spec();
    spoil(spec);
    const Status status = validate(spec);
    ASSERT_FALSE(status) << field;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(status.error().message(), testing::StartsWith(field));
  }
}

}  // namespace
}  // namespace rp
