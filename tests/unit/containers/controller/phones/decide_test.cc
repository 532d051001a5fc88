// Goal: decide() names the right step in every situation the world can be in.
// Method: a table of cases that read like the specification, and one sweep over all combinations
// that checks what must hold in each of them.
#include "containers/controller/phones/decide.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

struct Case {
  const char* name;
  Wanted wanted;
  PhoneState container;
  bool engine_up;
  bool display;
  Step step;
  Life state;
};

class DecideTable : public testing::TestWithParam<Case> {};

TEST_P(DecideTable, Names) {
  const Case& expected = GetParam();
  Phone phone;
  phone.image = "tiny";
  phone.wanted = expected.wanted;
  phone.state = Life::kStarting;
  Found found;
  found.container = expected.container;
  found.engine_up = expected.engine_up;
  found.display = expected.display;
  const Decision decision = decide(phone, found);
  EXPECT_EQ(to_string(decision.step), to_string(expected.step));
  EXPECT_EQ(to_string(decision.state), to_string(expected.state));
}

constexpr auto kRun = Wanted::kRunning;
constexpr auto kHold = Wanted::kFrozen;
constexpr auto kEnd = Wanted::kStopped;
constexpr auto kGone = Wanted::kDeleted;

INSTANTIATE_TEST_SUITE_P(
    Cases, DecideTable,
    testing::Values(
        Case{"display_first", kRun, PhoneState::kAbsent, true, false, Step::kPutDisplay,
             Life::kStarting},
        Case{"then_start", kRun, PhoneState::kAbsent, true, true, Step::kStart, Life::kStarting},
        Case{"made_not_started", kRun, PhoneState::kCreated, true, true, Step::kStart,
             Life::kStarting},
        Case{"no_engine_yet", kRun, PhoneState::kAbsent, false, false, Step::kNothing,
             Life::kStarting},
        Case{"runs", kRun, PhoneState::kRunning, true, true, Step::kNothing, Life::kRunning},
        Case{"engine_died", kRun, PhoneState::kRunning, false, false, Step::kNothing,
             Life::kRunning},
        Case{"display_lost", kRun, PhoneState::kRunning, true, false, Step::kRemove,
             Life::kStarting},
        Case{"thaw", kRun, PhoneState::kFrozen, true, true, Step::kThaw, Life::kFrozen},
        Case{"ended", kRun, PhoneState::kStopped, true, true, Step::kRemove, Life::kStarting},
        Case{"leftover", kRun, PhoneState::kLeftover, true, true, Step::kRemove, Life::kStarting},
        Case{"freeze", kHold, PhoneState::kRunning, true, true, Step::kFreeze, Life::kRunning},
        Case{"held", kHold, PhoneState::kFrozen, true, true, Step::kNothing, Life::kFrozen},
        Case{"held_and_lost", kHold, PhoneState::kAbsent, true, true, Step::kNothing,
             Life::kStopped},
        Case{"stop", kEnd, PhoneState::kRunning, true, true, Step::kStop, Life::kStarting},
        Case{"stop_frozen", kEnd, PhoneState::kFrozen, false, false, Step::kStop, Life::kStarting},
        Case{"stop_ended", kEnd, PhoneState::kStopped, true, true, Step::kRemove, Life::kStarting},
        Case{"stopped_display", kEnd, PhoneState::kAbsent, true, true, Step::kRemoveDisplay,
             Life::kStopped},
        Case{"stopped", kEnd, PhoneState::kAbsent, true, false, Step::kNothing, Life::kStopped},
        Case{"delete_running", kGone, PhoneState::kRunning, true, true, Step::kStop,
             Life::kStarting},
        Case{"delete_display", kGone, PhoneState::kAbsent, true, true, Step::kRemoveDisplay,
             Life::kStarting},
        Case{"forget", kGone, PhoneState::kAbsent, true, false, Step::kForget, Life::kStarting},
        Case{"forget_no_engine", kGone, PhoneState::kAbsent, false, false, Step::kForget,
             Life::kStarting}),
    [](const auto& info) { return info.param.name; });

Phone wanted_running() {
  Phone phone;
  phone.image = "tiny";
  phone.wanted = Wanted::kRunning;
  phone.state = Life::kRunning;
  return phone;
}

Found healthy(PhoneState container) {
  Found found;
  found.container = container;
  found.engine_up = found.display = true;
  return found;
}

TEST(Decide, AnEndIsCountedAndSaid) {
  Phone phone = wanted_running();
  Found found = healthy(PhoneState::kStopped);
  found.exit_status = 3;
  const Decision decision = decide(phone, found);
  EXPECT_EQ(decision.attempts, 1);
  EXPECT_EQ(decision.reason, "the phone's program ended with status 3");
  phone.attempts = 4;
  found.ran_long = true;
  EXPECT_EQ(decide(phone, found).attempts, 1);
}

TEST(Decide, AnEndWithTheEngineIsNotCounted) {
  Found found = healthy(PhoneState::kStopped);
  found.display = false;
  EXPECT_EQ(decide(wanted_running(), found).attempts, 0);
}

TEST(Decide, GivesUpAfterSomeAttemptsWithTheReason) {
  Phone phone = wanted_running();
  phone.attempts = kMaxAttempts;
  phone.reason = "the phone's program ended with status 3";
  const Decision decision = decide(phone, healthy(PhoneState::kAbsent));
  EXPECT_EQ(decision.step, Step::kNothing);
  EXPECT_EQ(decision.state, Life::kFailed);
  EXPECT_EQ(decision.reason, phone.reason);
}

TEST(Decide, WaitsForTheNextTry) {
  Found found = healthy(PhoneState::kAbsent);
  found.now = {1000};
  found.retry_at = {5000};
  const Decision decision = decide(wanted_running(), found);
  EXPECT_EQ(decision.step, Step::kNothing);
  ASSERT_TRUE(decision.look_at);
  EXPECT_EQ(decision.look_at->us, 5000);
}

TEST(Decide, SaysWhatToDoForAMissingImage) {
  Found found = healthy(PhoneState::kAbsent);
  found.image = ImageState::kAbsent;
  const Decision decision = decide(wanted_running(), found);
  EXPECT_EQ(decision.state, Life::kFailed);
  EXPECT_EQ(decision.reason, "image tiny is not built; run `rackphone image build tiny`");
  found.image = ImageState::kBuilding;
  EXPECT_EQ(decide(wanted_running(), found).state, Life::kStarting);
}

TEST(Decide, RestartEndsOnceAndStarts) {
  Phone phone = wanted_running();
  phone.restart_wanted = true;
  Decision decision = decide(phone, healthy(PhoneState::kRunning));
  EXPECT_EQ(decision.step, Step::kStop);
  EXPECT_TRUE(decision.restart_wanted);
  decision = decide(phone, healthy(PhoneState::kAbsent));
  EXPECT_EQ(decision.step, Step::kStart);
  EXPECT_FALSE(decision.restart_wanted);
}

TEST(Decide, ResetErasesOnlyWhatDoesNotRun) {
  Phone phone = wanted_running();
  phone.reset_wanted = true;
  EXPECT_EQ(decide(phone, healthy(PhoneState::kRunning)).step, Step::kStop);
  EXPECT_EQ(decide(phone, healthy(PhoneState::kAbsent)).step, Step::kEraseData);
}

TEST(Decide, BacksOff) {
  EXPECT_EQ(back_off(1), Duration(0));
  EXPECT_EQ(back_off(2), std::chrono::seconds(1));
  EXPECT_EQ(back_off(4), std::chrono::seconds(4));
  EXPECT_EQ(back_off(100), std::chrono::seconds(30));
}

// Nothing is ever started without a display, erased while it lives, or forgotten while there are
// traces.
TEST(Decide, IsSafeInEverySituation) {
  for (int bits = 0; bits < 4 * 6 * 6 * 32; ++bits) {
    int rest = bits;
    const auto take = [&rest](int n) { return std::exchange(rest, rest / n) % n; };
    Phone phone = wanted_running();
    phone.wanted = static_cast<Wanted>(take(4));
    phone.state = static_cast<Life>(take(6));
    Found found;
    found.container = static_cast<PhoneState>(take(6));
    phone.restart_wanted = take(2) != 0;
    phone.reset_wanted = take(2) != 0;
    found.engine_up = take(2) != 0;
    found.display = found.engine_up && take(2) != 0;
    phone.attempts = take(2) * kMaxAttempts;
    const Decision decision = decide(phone, found);
    SCOPED_TRACE(bits);
    const bool absent = found.container == PhoneState::kAbsent;
    if (decision.step == Step::kStart) {
      EXPECT_TRUE(found.display);
    }
    if (decision.step == Step::kStart) {
      EXPECT_EQ(phone.wanted, Wanted::kRunning);
    }
    if (decision.step == Step::kEraseData || decision.step == Step::kForget) {
      EXPECT_TRUE(absent);
    }
    if (decision.step == Step::kForget) {
      EXPECT_EQ(phone.wanted, Wanted::kDeleted);
    }
    if (decision.step == Step::kRemoveDisplay) {
      EXPECT_TRUE(absent);
    }
  }
}

}  // namespace
}  // namespace rp
