// Goal: whatever dies, in whatever order, the phones end up as people want them, with nothing left
// over. Method: the real reconciler and store on a loop with a fake clock, against the fake runtime
// and a fake engine. Single stories first; then thousands of random commands, crashes and faults,
// after which the world must converge.
#include "containers/controller/phones/reconciler.h"

#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "containers/controller/phones/phones.h"
#include "containers/runtime/fake/fake_runtime.h"
#include "engine/base/log.h"
#include "tests/unit/containers/controller/fakes.h"

namespace rp {
namespace {

struct ReconcilerTest : testing::Test {
  ReconcilerTest() {
    set_log_level(LogLevel::kOff);
    std::filesystem::create_directories(folder);
    restart_controller();
  }
  ~ReconcilerTest() override { std::filesystem::remove_all(folder); }

  // A controller that dies forgets everything but the store.
  void restart_controller() {
    phones.reset();
    reconciler.reset();
    reconciler = std::make_unique<Reconciler>(
        Reconciler::Parts{*time.loop, workers, runtime, images, engine, rows, registry},
        ReconcilerOptions{.phones_dir = folder});
    phones = std::make_unique<Phones>(rows, audit, time.clock, [this] { reconciler->kick(); });
    reconciler->kick();
  }
  Phone make(const std::string& name, bool start = true) {
    PhoneWish wish;
    wish.name = name;
    wish.image = "tiny";
    wish.start = start;
    auto phone = phones->create(root, wish, {"tiny"});
    EXPECT_TRUE(phone) << phone.error().message;
    return *phone;
  }
  Phone row(const std::string& id) { return (*rows.get(id)).value_or(Phone{}); }
  PhoneState container(const std::string& id) { return runtime.inspect(id)->state; }
  bool settle() {
    return time.turn_until([this] { return !reconciler->busy(); });
  }
  // Lets `seconds` pass, working all the while.
  void live(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      ASSERT_TRUE(settle());
      time.clock.advance(std::chrono::seconds(1));
      time.loop->run_once(Duration(0));
    }
    ASSERT_TRUE(settle());
  }
  void command(const std::string& id, PhoneCommand what) {
    auto done = phones->command(root, id, what);
    ASSERT_TRUE(done) << done.error().message;
  }

  std::string folder = testing::TempDir() + "rp_reconciler_" + std::to_string(::getpid());
  Asker root;
  TestLoop time;
  InlineExecutor workers{*time.loop};
  FakeRuntime runtime;
  FakeImages images;
  FakeEngine engine{*time.loop};
  std::unique_ptr<Database> database = *Database::open(":memory:");
  PhoneStore rows{*database};
  AuditStore audit{*database};
  Registry registry;
  std::unique_ptr<Reconciler> reconciler;
  std::unique_ptr<Phones> phones;
};

TEST_F(ReconcilerTest, StartsAndStops) {
  make("Demo");
  ASSERT_TRUE(settle());
  EXPECT_EQ(row("demo").state, Life::kRunning);
  EXPECT_EQ(container("demo"), PhoneState::kRunning);
  EXPECT_TRUE(engine.displays.contains("demo"));
  command("demo", PhoneCommand::kStop);
  ASSERT_TRUE(settle());
  EXPECT_EQ(row("demo").state, Life::kStopped);
  EXPECT_EQ(container("demo"), PhoneState::kAbsent);
  EXPECT_FALSE(engine.displays.contains("demo"));
}

TEST_F(ReconcilerTest, FreezesThawsAndRestarts) {
  make("Demo");
  ASSERT_TRUE(settle());
  command("demo", PhoneCommand::kFreeze);
  ASSERT_TRUE(settle());
  EXPECT_EQ(row("demo").state, Life::kFrozen);
  ASSERT_TRUE(phones->wake(root, "demo"));
  ASSERT_TRUE(settle());
  EXPECT_EQ(row("demo").state, Life::kRunning);
  command("demo", PhoneCommand::kRestart);
  ASSERT_TRUE(settle());
  EXPECT_EQ(row("demo").state, Life::kRunning);
  EXPECT_FALSE(row("demo").restart_wanted);
}

TEST_F(ReconcilerTest, AnEngineThatWasKilledBringsPhonesBack) {
  make("Demo");
  ASSERT_TRUE(settle());
  engine.crash();
  reconciler->kick();
  ASSERT_TRUE(settle());
  EXPECT_EQ(row("demo").state, Life::kRunning) << "nothing to do while it is gone";
  engine.up = true;
  reconciler->kick();
  ASSERT_TRUE(settle());
  EXPECT_EQ(row("demo").state, Life::kRunning);
  EXPECT_TRUE(engine.displays.contains("demo"));
  EXPECT_EQ(row("demo").attempts, 0);
}

TEST_F(ReconcilerTest, AnEngineSeenOnlyAfterItsReturnIsNoticedByThePoll) {
  make("Demo");
  ASSERT_TRUE(settle());
  engine.crash();
  engine.up = true;
  live(6);
  EXPECT_TRUE(engine.displays.contains("demo"));
  EXPECT_EQ(container("demo"), PhoneState::kRunning);
}

TEST_F(ReconcilerTest, AControllerThatWasKilledTouchesNothingThatRuns) {
  make("Demo");
  ASSERT_TRUE(settle());
  restart_controller();
  runtime.fail_next({ErrorCode::kInternal, 0, "touched"});
  live(6);
  EXPECT_EQ(container("demo"), PhoneState::kRunning);
  // The fault is still waiting: no call changed anything.
  EXPECT_EQ(runtime.freeze("demo").error().message(), "touched");
}

TEST_F(ReconcilerTest, RestartsWhatEndsAndGivesUpWithTheReason) {
  make("Demo");
  for (int end = 0; end < kMaxAttempts; ++end) {
    live(9);
    ASSERT_EQ(row("demo").state, Life::kRunning) << end;
    runtime.end_phone("demo", 7);
    reconciler->kick();
    ASSERT_TRUE(settle());
  }
  EXPECT_EQ(row("demo").state, Life::kFailed);
  EXPECT_EQ(row("demo").reason, "the phone's program ended with status 7");
  live(60);
  EXPECT_EQ(row("demo").state, Life::kFailed);
  command("demo", PhoneCommand::kStart);
  ASSERT_TRUE(settle());
  EXPECT_EQ(row("demo").state, Life::kRunning);
}

TEST_F(ReconcilerTest, APhoneThatRanLongStartsItsCountAfresh) {
  make("Demo");
  for (int end = 0; end < 3 * kMaxAttempts; ++end) {
    live(30);
    ASSERT_EQ(row("demo").state, Life::kRunning) << end;
    runtime.end_phone("demo", 0);
    reconciler->kick();
  }
}

TEST_F(ReconcilerTest, AStartThatFailsIsTriedAgainAndSaysWhy) {
  runtime.fail_next({ErrorCode::kUnsupported, 0, "runc is not installed"});
  make("Demo");
  time.turn_until([&] { return row("demo").attempts == 1; });
  EXPECT_EQ(row("demo").reason, "runc is not installed");
  live(3);
  EXPECT_EQ(row("demo").state, Life::kRunning);
  EXPECT_EQ(row("demo").reason, "");
}

TEST_F(ReconcilerTest, RemovesOrphans) {
  make("Demo");
  ASSERT_TRUE(settle());
  ASSERT_TRUE(rows.remove("demo"));
  live(6);
  EXPECT_EQ(container("demo"), PhoneState::kAbsent);
  EXPECT_TRUE(engine.displays.empty());
}

TEST_F(ReconcilerTest, DeletingErasesTheFiles) {
  make("Demo");
  ASSERT_TRUE(settle());
  ASSERT_TRUE(std::filesystem::exists(folder + "/demo/data"));
  ASSERT_TRUE(phones->remove(root, "demo"));
  ASSERT_TRUE(settle());
  EXPECT_FALSE(rows.get("demo")->has_value());
  EXPECT_FALSE(std::filesystem::exists(folder + "/demo"));
  EXPECT_EQ(container("demo"), PhoneState::kAbsent);
}

TEST_F(ReconcilerTest, ResetErasesAndStartsAgain) {
  make("Demo");
  ASSERT_TRUE(settle());
  const std::string file = folder + "/demo/data/file";
  std::filesystem::create_directory(file);
  command("demo", PhoneCommand::kReset);
  ASSERT_TRUE(settle());
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_EQ(row("demo").state, Life::kRunning);
}

TEST_F(ReconcilerTest, AnImageThatComesLaterStartsThePhone) {
  images.add("tiny", ImageState::kAbsent);
  make("Demo");
  ASSERT_TRUE(settle());
  EXPECT_EQ(row("demo").state, Life::kFailed);
  images.add("tiny", ImageState::kReady);
  live(6);
  EXPECT_EQ(row("demo").state, Life::kRunning);
}

TEST_F(ReconcilerTest, AFullQueueIsTriedAgain) {
  workers.full = true;
  make("Demo");
  for (int i = 0; i < 10; ++i) time.loop->run_once(Duration(0));
  workers.full = false;
  live(2);
  EXPECT_EQ(row("demo").state, Life::kRunning);
}

// One random thing that people or misfortune do.
class RandomWorld : public ReconcilerTest, public testing::WithParamInterface<unsigned> {
 protected:
  std::mt19937 dice{GetParam()};
  unsigned roll(unsigned sides) { return static_cast<unsigned>(dice() % sides); }

  std::string some_phone() {
    const auto all = *rows.all();
    return all.empty() ? "" : all[roll(static_cast<unsigned>(all.size()))].id;
  }
  void act() {
    const std::string id = some_phone();
    switch (roll(12)) {
      case 0:
        if (rows.all()->size() < 6) make("Phone", roll(2) == 0);
        break;
      case 1:
      case 2:
      case 3:
      case 4:
        (void)phones->command(root, id, static_cast<PhoneCommand>(roll(6)));
        break;
      case 5:
        if (roll(3) == 0) (void)phones->remove(root, id);
        break;
      case 6:
        engine.crash();
        break;
      case 7:
        engine.up = true;
        break;
      case 8:
        if (container(id.empty() ? "none" : id) == PhoneState::kRunning)
          runtime.end_phone(id, static_cast<int>(roll(3)));
        break;
      case 9:
        runtime.break_phone(id);
        break;
      case 10:
        runtime.fail_next({ErrorCode::kInternal, 0, "bad luck"});
        break;
      case 11:
        restart_controller();
        break;
    }
  }
  void expect_converged() {
    std::set<std::string> living;
    const std::vector<Phone> all = *rows.all();
    for (const Phone& phone : all) {
      SCOPED_TRACE(phone.id + " wanted " + std::string(to_string(phone.wanted)) + " is " +
                   std::string(to_string(phone.state)) + ": " + phone.reason);
      const PhoneState found = container(phone.id);
      EXPECT_NE(phone.wanted, Wanted::kDeleted);
      EXPECT_FALSE(phone.reset_wanted || phone.restart_wanted);
      if (found == PhoneState::kRunning || found == PhoneState::kFrozen) {
        living.insert(phone.id);
        EXPECT_TRUE(engine.displays.contains(phone.id));
      } else {
        EXPECT_EQ(found, PhoneState::kAbsent);
      }
      const bool runs = found == PhoneState::kRunning;
      const bool failed = phone.state == Life::kFailed && !phone.reason.empty() && !runs;
      if (phone.wanted == Wanted::kRunning) {
        EXPECT_TRUE(failed || (runs && phone.state == Life::kRunning));
      }
      if (phone.wanted == Wanted::kStopped) {
        EXPECT_EQ(found, PhoneState::kAbsent);
      }
      if (phone.wanted == Wanted::kFrozen) {
        EXPECT_FALSE(runs);
      }
    }
    const std::vector<ContainerInfo> left = *runtime.list();
    for (const ContainerInfo& info : left) EXPECT_TRUE(living.contains(info.id)) << info.id;
  }
};

TEST_P(RandomWorld, Converges) {
  for (int round = 0; round < 20; ++round) {
    for (unsigned step = 0, steps = 1 + roll(30); step < steps; ++step) {
      act();
      for (unsigned turn = roll(8); turn > 0; --turn) time.loop->run_once(Duration(0));
      if (roll(4) == 0) time.clock.advance(std::chrono::milliseconds(roll(3000)));
    }
    engine.up = true;
    live(60);
    expect_converged();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWorld, testing::Range(1u, 41u));

}  // namespace
}  // namespace rp
