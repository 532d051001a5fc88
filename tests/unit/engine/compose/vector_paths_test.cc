// Goal: colour conversion takes the machine's vector instructions, on x86-64 and on arm64, and
// gives what plain code gives, to a level. Method: ask libyuv what it chose, then convert the same
// random rows with all its paths and with none.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <vector>

#include <gtest/gtest.h>
#include <libyuv/convert.h>
#include <libyuv/cpu_id.h>

namespace {

#if defined(__aarch64__)
constexpr int kVectorFlag = libyuv::kCpuHasNEON;
#elif defined(__x86_64__)
constexpr int kVectorFlag = libyuv::kCpuHasSSSE3;
#else
constexpr int kVectorFlag = 0;
#endif

constexpr int kWidth = 318;  // no multiple of a vector's length: the rows' ends are converted too
constexpr int kHeight = 34;

struct Planes {
  std::vector<std::uint8_t> y = std::vector<std::uint8_t>(kWidth * kHeight);
  std::vector<std::uint8_t> u = std::vector<std::uint8_t>(kWidth / 2 * kHeight / 2);
  std::vector<std::uint8_t> v = u;
};

int largest_difference(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  int largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

// cpu_flags as MaskCpuFlags takes them: -1 all that the machine has, 1 none.
Planes convert(const std::vector<std::uint8_t>& argb, int cpu_flags) {
  libyuv::MaskCpuFlags(cpu_flags);
  Planes planes;
  EXPECT_EQ(libyuv::ARGBToI420(argb.data(), kWidth * 4, planes.y.data(), kWidth, planes.u.data(),
                               kWidth / 2, planes.v.data(), kWidth / 2, kWidth, kHeight),
            0);
  libyuv::MaskCpuFlags(-1);
  return planes;
}

TEST(VectorPaths, AreTaken) {
  if (kVectorFlag == 0) GTEST_SKIP() << "libyuv's vector paths of this architecture are not known";
  EXPECT_NE(libyuv::TestCpuFlag(kVectorFlag), 0);
}

TEST(VectorPaths, ConvertAsPlainCodeDoes) {
  std::mt19937 random(7);
  std::vector<std::uint8_t> argb(kWidth * kHeight * 4);
  for (auto& byte : argb) byte = static_cast<std::uint8_t>(random());
  const Planes vector = convert(argb, -1);
  const Planes plain = convert(argb, 1);
  // The paths round the mean of four chroma samples differently.
  EXPECT_LE(largest_difference(vector.y, plain.y), 1);
  EXPECT_LE(largest_difference(vector.u, plain.u), 1);
  EXPECT_LE(largest_difference(vector.v, plain.v), 1);
}

}  // namespace
