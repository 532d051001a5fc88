// Goal: each command does what it says, prints what a person or a script can read, and answers
// wrong input with a sentence and the documented exit status. Method: the whole program as a
// function, against a whole controller on its own thread with a fake runtime; the completion
// scripts are run by a real bash.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "engine/base/subprocess.h"
#include "tests/unit/containers/controller/running_controller.h"
#include "tools/cli/commands.h"
#include "tools/cli/follow.h"
#include "tools/cli/table.h"

namespace rp {
namespace {

using nlohmann::json;

struct Outcome {
  int exit = 0;
  std::string out;
  std::string err;
};

Outcome rackphone(std::vector<std::string> arguments, const std::string& folder) {
  std::ostringstream out;
  std::ostringstream err;
  CliContext context{out, err};
  context.columns = 0;
  context.parts.make_runtime = [](const Layout&) { return std::make_unique<FakeRuntime>(); };
  context.parts.make_images = [](const Layout&) {
    auto images = std::make_unique<FakeImages>();
    images->add("demo", ImageState::kAbsent);
    return images;
  };
  arguments.insert(arguments.end(), {"--run", folder + "/run", "--state", folder + "/state"});
  const int exit = run_cli(arguments, context);
  return {exit, out.str(), err.str()};
}

struct CliTest : testing::Test {
  Outcome run(std::vector<std::string> arguments) {
    return rackphone(std::move(arguments), host.folder);
  }
  RunningController host;
};

TEST_F(CliTest, APhoneFromBirthToDeath) {
  EXPECT_NE(run({"phone", "list"}).out.find("There are no phones"), std::string::npos);
  const Outcome made = run({"phone", "create", "My Phone", "--image", "tiny", "--start"});
  EXPECT_EQ(made.exit, 0) << made.err;
  EXPECT_NE(made.out.find("running"), std::string::npos);
  for (const auto& [verb, state] : std::map<std::string, std::string>{{"freeze", "frozen"},
                                                                      {"thaw", "running"},
                                                                      {"restart", "running"},
                                                                      {"reset", "running"}}) {
    if (verb == "thaw") run({"phone", "freeze", "my-phone"});
    if (verb == "restart" || verb == "reset") run({"phone", "start", "my-phone"});
    const Outcome done = run({"phone", verb, "my-phone", "--json"});
    ASSERT_EQ(done.exit, 0) << verb << done.out << done.err;
    EXPECT_EQ(json::parse(done.out)["state"], state) << verb;
  }
  EXPECT_EQ(run({"phone", "stop", "my-phone"}).exit, 0);
  EXPECT_EQ(json::parse(run({"phone", "show", "my-phone", "--json"}).out)["state"], "stopped");
  EXPECT_NE(run({"phone", "open", "my-phone"}).out.find("/phones/my-phone"), std::string::npos);
  EXPECT_EQ(run({"phone", "logs", "my-phone"}).exit, 0);
  EXPECT_EQ(run({"phone", "delete", "my-phone"}).exit, 2) << "without --yes";
  EXPECT_EQ(run({"phone", "delete", "my-phone", "--yes"}).exit, 0);
  EXPECT_EQ(run({"phone", "show", "my-phone"}).exit, 3);
}

TEST_F(CliTest, WrongInputIsASentenceAndAStatus) {
  struct Wrong {
    std::vector<std::string> arguments;
    int exit;
    const char* says;
  };
  const std::vector<Wrong> all = {
      {{}, 2, "subcommand"},
      {{"dance"}, 2, "dance"},
      {{"phone"}, 2, "subcommand"},
      {{"phone", "create"}, 2, "name"},
      {{"phone", "create", "a", "--width", "63"}, 2, "width"},
      {{"phone", "create", "a", "--width", "many"}, 2, "width"},
      {{"phone", "create", "a", "--scale", "9"}, 2, "scale"},
      {{"phone", "create", "a", "--image", "nope"}, 2, "there is no image nope"},
      {{"phone", "create", ""}, 2, "name must be"},
      {{"phone", "show", "../status"}, 2, "PHONE must be an id"},
      {{"phone", "show", "none"}, 3, "there is no phone none"},
      {{"phone", "open", "none"}, 3, "there is no phone none"},
      {{"phone", "start", "none"}, 3, "there is no phone none"},
      {{"phone", "stop", "A B"}, 2, "PHONE must be an id"},
      {{"phone", "freeze", "none"}, 3, "there is no phone none"},
      {{"phone", "logs", "none"}, 3, "there is no phone none"},
      {{"phone", "start", "x", "--timeout", "0"}, 2, "timeout"},
      {{"logs", "NONE"}, 2, "logs are those of"},
      {{"logs", "engine"}, 3, "engine.log"},
      {{"image", "build", "nope"}, 3, "there is no image nope"},
      {{"completion", "tcsh"}, 2, "shell"},
      {{"up", "--listen", "8443"}, 2, "--listen must be ADDRESS:PORT"},
      {{"up", "--listen", "1.2.3.4:99999"}, 2, "--listen must be ADDRESS:PORT"},
      {{"up", "--log-level", "loud"}, 2, "log-level"}};
  for (const Wrong& wrong : all) {
    const Outcome outcome = run(wrong.arguments);
    const std::string line = testing::PrintToString(wrong.arguments);
    EXPECT_EQ(outcome.exit, wrong.exit) << line << outcome.err;
    EXPECT_NE(outcome.err.find(wrong.says), std::string::npos) << line << outcome.err;
    EXPECT_EQ(outcome.out, "") << line;
  }
}

TEST_F(CliTest, ErrorsAreJsonToo) {
  const Outcome outcome = run({"phone", "show", "none", "--json"});
  EXPECT_EQ(outcome.exit, 3);
  EXPECT_EQ(json::parse(outcome.out)["error"]["exit"], 3);
}

TEST_F(CliTest, SaysThatNothingRunsHere) {
  for (const char* command : {"status", "sign-in-code"}) {
    const Outcome outcome = rackphone({command}, host.folder + "/elsewhere");
    EXPECT_EQ(outcome.exit, 4) << command;
    EXPECT_NE(outcome.err.find("rackphone up"), std::string::npos) << outcome.err;
  }
}

TEST_F(CliTest, StatusDoctorAndImages) {
  const Outcome status = run({"status", "--json"});
  EXPECT_EQ(status.exit, 0) << status.err;
  EXPECT_EQ(json::parse(status.out)["runtime"]["name"], "fake");
  EXPECT_NE(run({"status"}).out.find("controller"), std::string::npos);
  const json findings = json::parse(run({"doctor", "--json"}).out);
  for (const json& finding : findings) {
    const bool bad = finding["grade"] != "good";
    EXPECT_EQ(bad, !finding["advice"].get<std::string>().empty()) << finding;
  }
  const auto row = [&](const char* what) {
    const auto found =
        std::ranges::find(findings, what, [](const json& one) { return one["what"]; });
    return found == findings.end() ? json() : *found;
  };
  EXPECT_EQ(row("encoder v4l2")["found"], "no v4l2");
  EXPECT_EQ(row("encoder v4l2")["advice"], "get v4l2");
  EXPECT_EQ(row("encoder vaapi")["used"], "video encoding");
  EXPECT_EQ(row("encoder nvenc")["grade"], "good") << "what is behind the one in use is not missed";
  EXPECT_EQ(row("composer vulkan")["grade"], "could be better");
  EXPECT_EQ(row("shared memory by udmabuf")["used"], "what apps draw, without a copy");
  const Outcome images = run({"image", "list", "--json"});
  EXPECT_EQ(json::parse(images.out).size(), 2u);
  run({"phone", "create", "a", "--image", "tiny"});
  const Outcome refused = run({"image", "remove", "tiny"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_NE(refused.err.find("phone a uses image tiny"), std::string::npos);
  EXPECT_EQ(run({"image", "remove", "demo"}).exit, 0);
}

TEST_F(CliTest, ASignInCodeIsOneLink) {
  const json answer = json::parse(run({"sign-in-code", "--json"}).out);
  EXPECT_NE(answer["link"].get<std::string>().find("/#code=" + answer["code"].get<std::string>()),
            std::string::npos);
}

TEST_F(CliTest, EveryCommandHasHelp) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"up"},
                                                  {"down"},
                                                  {"status"},
                                                  {"doctor"},
                                                  {"logs"},
                                                  {"phone"},
                                                  {"phone", "create"},
                                                  {"image"},
                                                  {"image", "build"},
                                                  {"completion"},
                                                  {"sign-in-code"}}) {
    std::vector<std::string> arguments = command;
    arguments.push_back("--help");
    const Outcome help = run(arguments);
    EXPECT_EQ(help.exit, 0);
    EXPECT_NE(help.out.find(command.back()), std::string::npos) << help.out;
  }
  EXPECT_NE(run({"--help"}).out.find("Exit status: 0 done"), std::string::npos);
}

TEST_F(CliTest, BashCompletesCommandsAndOptions) {
  const std::string script = run({"completion", "bash"}).out;
  const auto complete = [&](const std::string& words, int at) {
    const auto out =
        run_checked({"bash", "-c",
                     script + "\nCOMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(at) +
                         "; _rackphone; echo \"${COMPREPLY[@]}\""});
    EXPECT_TRUE(out) << out.error().message();
    return out ? *out : "";
  };
  EXPECT_NE(complete("rackphone pho", 1).find("phone"), std::string::npos);
  EXPECT_NE(complete("rackphone phone fr", 2).find("freeze"), std::string::npos);
  EXPECT_EQ(complete("rackphone phone fr", 2).find("thaw"), std::string::npos);
  EXPECT_NE(complete("rackphone phone create --im", 3).find("--image"), std::string::npos);
  EXPECT_NE(run({"completion", "zsh"}).out.find("#compdef rackphone"), std::string::npos);
  EXPECT_NE(run({"completion", "fish"}).out.find("complete -c rackphone"), std::string::npos);
}

TEST(Table, AlignsCutsAndDisarms) {
  std::ostringstream out;
  print_table(out, 20, {"NAME", "WHAT"},
              {{"ä", "short"}, {"long", "a very long text indeed"}, {"\033[2J", ""}});
  EXPECT_EQ(out.str(), "NAME  WHAT\nä     short\nlong  a very long t…\n?[2J\n");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_age(7200), "2 h");
}

TEST(Follow, PrintsOnlyWhatIsNew) {
  EXPECT_EQ(news_since("", "abc"), "abc");
  EXPECT_EQ(news_since("abc", "abcdef"), "def");
  EXPECT_EQ(news_since("xabc", "xabc"), "");
  EXPECT_EQ(news_since("gone", "other"), "other");
}

}  // namespace
}  // namespace rp
