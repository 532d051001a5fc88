// Goal: the kernel's figures are read right and nonsense is no figure; busy shares follow a thread
// and forget. Method: texts as proc(5) shows them, one look at the real machine, made-up CPU times.
#include "engine/shard/machine_meter.h"

#include <gtest/gtest.h>

#include "engine/shard/busy_share.h"

namespace rp {
namespace {

TEST(MachineMeter, ReadsTheKernelsFigures) {
  const auto ticks = parse_cpu_ticks(
      "cpu  10132153 290696 3084719 46828483 16683 0 25195 7 175628 0\ncpu0 1393280 32966 1\n");
  ASSERT_TRUE(ticks);
  EXPECT_EQ(ticks->busy, 10132153U + 290696 + 3084719 + 25195 + 7);
  EXPECT_EQ(ticks->all, ticks->busy + 46828483 + 16683);
  EXPECT_EQ(parse_available_bytes("MemTotal: 16 kB\nMemFree: 4 kB\nMemAvailable:   8 kB\n"), 8192U);
}

TEST(MachineMeter, NonsenseIsNoFigure) {
  for (const char* text : {"", "cpu", "cpu ", "cpu  1 2 3", "cpu  a b c d e f g h", "intr 1"}) {
    EXPECT_FALSE(parse_cpu_ticks(text)) << text;
  }
  for (const char* text : {"", "MemAvailable:", "MemAvailable: x kB", "MemAvailable: 8 MB"}) {
    EXPECT_FALSE(parse_available_bytes(text)) << text;
  }
}

TEST(MachineMeter, LooksAtThisMachine) {
  auto meter = MachineMeter::create();
  ASSERT_TRUE(meter) << meter.error().message();
  const auto first = meter->look();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->cpu_busy, 0);
  EXPECT_GT(first->memory_available_bytes, 0U);
  const auto second = meter->look();
  ASSERT_TRUE(second);
  EXPECT_GE(second->cpu_busy, 0);
  EXPECT_LE(second->cpu_busy, 1);
}

TEST(BusyShare, FollowsAThreadAndForgets) {
  BusyShare share;
  TimePoint now{1'000'000};
  Duration cpu{0};
  share.look(now, cpu);
  EXPECT_EQ(share.share(), 0);
  for (int i = 0; i < 30; ++i)
    share.look(now = now + Duration(1'000'000), cpu += Duration(500'000));
  EXPECT_NEAR(share.share(), 0.5, 0.01);
  share.look(now = now + BusyShare::kMemory, cpu);
  EXPECT_NEAR(share.share(), 0.5 / 2.718, 0.01);
  share.look(now = now + Duration(60'000'000), cpu);
  EXPECT_NEAR(share.share(), 0, 0.001);
}

}  // namespace
}  // namespace rp
