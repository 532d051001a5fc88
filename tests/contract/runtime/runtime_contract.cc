// Goal: every Runtime behaves alike towards the reconciler: states, idempotence, errors, logs, and
// that nothing is left behind. Method: phones that run tiny shell scripts; each test makes its own
// runtime.
#include "tests/contract/runtime/runtime_contract.h"

#include <chrono>
#include <thread>

#include <gmock/gmock.h>

namespace rp {

namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* kForever = "while :; do sleep 1; done";

bool poll_until(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}
}  // namespace

ContainerInfo wait_for_state(Runtime& runtime, std::string_view id, PhoneState state) {
  ContainerInfo info;
  poll_until([&] {
    if (auto answer = runtime.inspect(id); answer) info = *answer;
    return info.state == state;
  });
  return info;
}

std::string wait_for_log(Runtime& runtime, std::string_view id, std::string_view text) {
  std::string log;
  poll_until([&] {
    log = runtime.read_log(id, 65536).value_or(std::string());
    return log.find(text) != std::string::npos;
  });
  return log;
}

namespace {

class RuntimeContract : public testing::TestWithParam<RuntimeCase> {
 protected:
  void SetUp() override {
    if (const std::string missing = GetParam().missing(); !missing.empty())
      GTEST_SKIP() << GetParam().name << ": " << missing;
    bench_ = GetParam().make();
    const Status status = runtime().up();
    ASSERT_TRUE(status) << status.error().message();
  }
  void TearDown() override {
    if (bench_ == nullptr) return;
    const Status status = runtime().down();
    EXPECT_TRUE(status) << status.error().message();
    EXPECT_TRUE(runtime().list().value().empty());
  }

  [[nodiscard]] Runtime& runtime() { return bench_->runtime(); }
  void must(const Status& status) { ASSERT_TRUE(status) << status.error().message(); }
  void run(const std::string& id, const std::string& script) {
    const Status created = runtime().create(bench_->spec(id, script));
    ASSERT_TRUE(created) << created.error().message();
    must(runtime().start(id));
  }
  [[nodiscard]] PhoneState state(std::string_view id) { return runtime().inspect(id)->state; }

  std::unique_ptr<RuntimeBench> bench_;
};

TEST_P(RuntimeContract, AnAbsentPhoneIsNoErrorToAskForOrRemove) {
  EXPECT_EQ(state("nobody"), PhoneState::kAbsent);
  must(runtime().remove("nobody"));
  EXPECT_TRUE(runtime().list()->empty());
  for (const Status& status :
       {runtime().start("nobody"), runtime().stop("nobody", 1s), runtime().kill("nobody"),
        runtime().freeze("nobody"), runtime().thaw("nobody")}) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(status.error().message(), HasSubstr("nobody"));
  }
}

TEST_P(RuntimeContract, RefusesWhatIsNotAPhoneId) {
  for (const char* id :
       {"", "A", "../x", "a b", "a/b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    ASSERT_FALSE(runtime().inspect(id)) << id;
    EXPECT_EQ(runtime().remove(id).error().code, ErrorCode::kInvalid);
    PhoneSpec spec = bench_->spec("x", "true");
    spec.id = id;
    EXPECT_EQ(runtime().create(spec).error().code, ErrorCode::kInvalid);
  }
}

TEST_P(RuntimeContract, ABadSpecNamesItsFieldAndLeavesNothing) {
  PhoneSpec spec = bench_->spec("p", "true");
  spec.limits.pids = 0;
  const Status status = runtime().create(spec);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(status.error().message(), HasSubstr("limits.pids"));
  EXPECT_EQ(state("p"), PhoneState::kAbsent);
}

TEST_P(RuntimeContract, GoesThroughItsLife) {
  const PhoneSpec spec = bench_->spec("p", kForever);
  must(runtime().create(spec));
  EXPECT_EQ(state("p"), PhoneState::kCreated);
  must(runtime().create(spec));
  must(runtime().start("p"));
  const ContainerInfo info = runtime().inspect("p").value();
  EXPECT_EQ(info.state, PhoneState::kRunning);
  EXPECT_GT(info.init_pid, 0);
  EXPECT_FALSE(info.address.empty());
  must(runtime().start("p"));
  must(runtime().create(spec));
  EXPECT_EQ(state("p"), PhoneState::kRunning);
  must(runtime().kill("p"));
  EXPECT_EQ(wait_for_state(runtime(), "p", PhoneState::kStopped).exit_status, 137);
  must(runtime().kill("p"));
  const Status again = runtime().start("p");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kExists);
  must(runtime().remove("p"));
  EXPECT_EQ(state("p"), PhoneState::kAbsent);
  must(runtime().remove("p"));
}

TEST_P(RuntimeContract, TellsHowAPhoneEnded) {
  run("p", "exit 7");
  EXPECT_EQ(wait_for_state(runtime(), "p", PhoneState::kStopped).exit_status, 7);
}

TEST_P(RuntimeContract, StopAsksFirst) {
  run("p", "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.02; done");
  EXPECT_THAT(wait_for_log(runtime(), "p", "ready"), HasSubstr("ready"));
  must(runtime().stop("p", 10s));
  EXPECT_EQ(wait_for_state(runtime(), "p", PhoneState::kStopped).exit_status, 3);
  EXPECT_THAT(wait_for_log(runtime(), "p", "bye"), HasSubstr("bye"));
  must(runtime().stop("p", 10s));
}

TEST_P(RuntimeContract, StopKillsAfterItsGrace) {
  run("p", "trap '' TERM; echo ready; while :; do sleep 0.02; done");
  EXPECT_THAT(wait_for_log(runtime(), "p", "ready"), HasSubstr("ready"));
  const auto begin = std::chrono::steady_clock::now();
  must(runtime().stop("p", 100ms));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 100ms);
  EXPECT_EQ(wait_for_state(runtime(), "p", PhoneState::kStopped).exit_status, 137);
}

TEST_P(RuntimeContract, FreezesAndThaws) {
  run("p", kForever);
  must(runtime().freeze("p"));
  EXPECT_EQ(state("p"), PhoneState::kFrozen);
  must(runtime().freeze("p"));
  must(runtime().start("p"));
  EXPECT_EQ(state("p"), PhoneState::kFrozen);
  must(runtime().thaw("p"));
  must(runtime().thaw("p"));
  EXPECT_EQ(state("p"), PhoneState::kRunning);
  must(runtime().freeze("p"));
  must(runtime().stop("p", 2s));
  EXPECT_EQ(wait_for_state(runtime(), "p", PhoneState::kStopped).state, PhoneState::kStopped);
}

TEST_P(RuntimeContract, AFrozenPhoneCanBeRemoved) {
  run("p", kForever);
  must(runtime().freeze("p"));
  must(runtime().remove("p"));
  EXPECT_EQ(state("p"), PhoneState::kAbsent);
}

TEST_P(RuntimeContract, KeepsTheNewestOfTheLog) {
  run("p", "echo first; echo last");
  const std::string log = wait_for_log(runtime(), "p", "last");
  EXPECT_THAT(log, HasSubstr("first"));
  EXPECT_THAT(runtime().read_log("p", 5).value(), testing::EndsWith("last\n"));
  run("e", "echo error >&2");
  EXPECT_THAT(wait_for_log(runtime(), "e", "error"), HasSubstr("error"));
  EXPECT_EQ(runtime().read_log("q", 5).error().code, ErrorCode::kNotFound);
}

TEST_P(RuntimeContract, PhonesStandSideBySide) {
  for (const char* id : {"c", "a", "b"}) run(id, kForever);
  must(runtime().kill("b"));
  must(runtime().remove("b"));
  const auto all = runtime().list().value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, "a");
  EXPECT_EQ(all[1].id, "c");
  EXPECT_NE(all[0].address, all[1].address);
  EXPECT_EQ(all[0].state, PhoneState::kRunning);
}

TEST_P(RuntimeContract, ServesManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      const std::string id = "t" + std::to_string(i);
      for (int round = 0; round < 2; ++round) {
        run(id, kForever);
        EXPECT_EQ(state(id), PhoneState::kRunning);
        must(runtime().remove(id));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(runtime().list()->empty());
}

TEST_P(RuntimeContract, UpIsNeededOnceAndDownEndsAll) {
  must(runtime().up());
  run("p", kForever);
  must(runtime().up());
  EXPECT_EQ(state("p"), PhoneState::kRunning);
  must(runtime().down());
  EXPECT_TRUE(runtime().list()->empty());
  const Status status = runtime().create(bench_->spec("q", "true"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  must(runtime().down());
}

INSTANTIATE_TEST_SUITE_P(All, RuntimeContract,
                         testing::Values(fake_runtime_case(), runc_runtime_case()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace rp
