// Goal: the kernel's texts are read right and bad ones refused; this process is measured. Method:
// short samples of each format, and /proc/self.
#include "bench/capacity/host/process_stats.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

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
  EXPECT_EQ(before->threads.size(), 1U);
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

// A tree as powercap makes it: two packages, a part of the first, the platform, another interface.
class PowerMeters : public testing::Test {
 protected:
  ~PowerMeters() override { std::filesystem::remove_all(root_); }
  void zone(const std::string& name, const std::string& label, const std::string& energy) const {
    const std::string folder = root_ + "/" + name;
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/name") << label << "\n";
    std::ofstream(folder + "/energy_uj") << energy;
    std::ofstream(folder + "/max_energy_range_uj") << "262143328850\n";
  }
  void machine(const std::string& first, const std::string& second) const {
    zone("intel-rapl:0", "package-0", first);
    zone("intel-rapl:1", "package-1", second);
    zone("intel-rapl:0:0", "core", "7000000\n");
    zone("intel-rapl:2", "psys", "9000000\n");
    zone("intel-rapl-mmio:0", "package-0", first);
    std::filesystem::create_directories(root_ + "/dtpm");
  }
  std::string root_ = testing::TempDir() + "/powercap." + std::to_string(::getpid());
};

TEST_F(PowerMeters, PackagesAloneAreAddedUp) {
  machine("5000000\n", "1000000\n");
  const auto before = read_package_energy(root_);
  ASSERT_EQ(before.size(), 2U);
  EXPECT_EQ(before[0].energy_uj, 5'000'000U);
  EXPECT_EQ(before[1].max_energy_uj, 262'143'328'850U);
  machine("65000000\n", "31000000\n");
  EXPECT_EQ(energy_used_uj(before, read_package_energy(root_)), 90e6);
}

TEST_F(PowerMeters, AMeterMayWrap) {
  machine("262143000000\n", "0\n");
  const auto before = read_package_energy(root_);
  machine("671150\n", "0\n");
  EXPECT_EQ(energy_used_uj(before, read_package_energy(root_)), 1e6);
}

TEST_F(PowerMeters, WithoutMetersThereIsNoFigure) {
  EXPECT_TRUE(read_package_energy(root_ + "/nowhere").empty());
  EXPECT_FALSE(energy_used_uj({}, {}));
  machine("1\n", "");  // the second cannot be read
  const auto one = read_package_energy(root_);
  EXPECT_EQ(one.size(), 1U);
  machine("2\n", "2\n");
  EXPECT_FALSE(energy_used_uj(one, read_package_energy(root_)));
}

TEST(ProcessStats, AProcessThatIsGoneIsAnError) {
  EXPECT_FALSE(read_usage(0x3FFFFFFF));
  EXPECT_FALSE(read_memory(0x3FFFFFFF));
}

}  // namespace
}  // namespace rp
