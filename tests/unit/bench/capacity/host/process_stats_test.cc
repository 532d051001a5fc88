// Goal: the kernel's texts are read right and bad ones refused; this process is measured. Method:
// short samples of each format, and /proc/self.
#include "bench/capacity/host/process_stats.h"

#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/emulation.h"

namespace rp {
namespace {

TEST(ProcessStats, ReadsSmapsRollup) {
  const auto memory = parse_smaps_rollup(
      "55d0-7ffc ---p 00000000 00:00 0    [rollup]\nRss:    81920 kB\nPss:    40960 kB\n"
      "Pss_Anon:    100 kB\n");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->rss_kib, 81920U);
  EXPECT_EQ(memory->pss_kib, 40960U);
  EXPECT_FALSE(parse_smaps_rollup("Rss: 3 kB\n"));
  EXPECT_FALSE(parse_smaps_rollup(""));
}

TEST(ProcessStats, ReadsTheMachinesTicks) {
  const auto usage = parse_stat("cpu  100 10 40 800 30 5 5 10 0 0\ncpu0 1 2 3\n");
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->total, 1000U);
  EXPECT_EQ(usage->busy, 170U);
  EXPECT_EQ(usage->waiting_for_disk, 30U);
  EXPECT_FALSE(parse_stat("cpu  100 10\n"));
  EXPECT_FALSE(parse_stat("intr 1 2 3\n"));
}

TEST(ProcessStats, MeasuresThisProcess) {
  const auto before = read_usage(::getpid());
  ASSERT_TRUE(before);
  EXPECT_EQ(before->threads.size(), emulated() ? 2U : 1U);  // user-mode QEMU has one of its own
  volatile std::uint64_t work = 0;
  for (int i = 0; i < 20'000'000; ++i) work = work + 1;
  const auto after = read_usage(::getpid());
  ASSERT_TRUE(after);
  EXPECT_GT(after->cpu, before->cpu);
  const auto memory = read_memory(::getpid());
  ASSERT_TRUE(memory);
  EXPECT_GT(memory->rss_kib, 100U);
  EXPECT_LE(memory->pss_kib, memory->rss_kib);
  EXPECT_GT(machine_memory_kib("MemTotal"), machine_memory_kib("MemAvailable"));
}

TEST(ProcessStats, AProcessThatIsGoneIsAnError) {
  EXPECT_FALSE(read_usage(0x3FFFFFFF));
  EXPECT_FALSE(read_memory(0x3FFFFFFF));
}

}  // namespace
}  // namespace rp
