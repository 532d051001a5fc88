// Goal: a machine with room never refuses, a full one says why, and the answer does not flutter.
// Method: looks, a second apart, made up from a histogram of waits and figures of the machine.
#include "engine/shard/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rp {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

class AdmissionTest : public testing::Test {
 protected:
  // Seconds in which each of `pictures` a second waited `wait` for a codec.
  void pass(int seconds, int pictures, Duration wait, double cpu_busy,
            std::uint64_t free_bytes = 1024 * kMiB) {
    for (int i = 0; i < seconds; ++i) {
      for (int k = 0; k < pictures; ++k) waits_.observe(wait.count());
      admission_.look({cpu_busy, free_bytes, waits_.counts()});
    }
  }

  LatencyHistogram waits_;
  Admission admission_{AdmissionLimits{}};
};

TEST_F(AdmissionTest, AnUnloadedMachineTakesEveryone) {
  EXPECT_TRUE(admission_.may_stream());
  EXPECT_TRUE(admission_.may_make_phone());
  pass(30, 100, Duration(500), 0.4);
  EXPECT_TRUE(admission_.may_stream());
}

TEST_F(AdmissionTest, ABusyMachineOnWhichPicturesDoNotWaitHasRoom) {
  pass(30, 300, Duration(8'000), 1.0);
  EXPECT_TRUE(admission_.may_stream());
}

TEST_F(AdmissionTest, ABurstIsNoLackOfRoom) {
  for (int i = 0; i < 5; ++i) {
    pass(4, 200, Duration(2'000'000), 1.0);
    EXPECT_TRUE(admission_.may_stream());
    pass(1, 200, Duration(1'000), 0.2);
  }
}

TEST_F(AdmissionTest, LongWaitsOnEndAreFull) {
  pass(4, 300, Duration(200'000), 1.0);
  EXPECT_TRUE(admission_.may_stream());
  pass(1, 300, Duration(200'000), 1.0);
  const Status full = admission_.may_stream();
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(full.error().operation, HasSubstr("the server is full: pictures wait"));
  EXPECT_LE(full.error().operation.size(), 123U);
  EXPECT_TRUE(admission_.may_make_phone());  // that alone costs no picture
}

TEST_F(AdmissionTest, HalfRatesOnBusyCoresAreFull) {
  pass(10, 300, Duration(45'000), 0.90);
  EXPECT_TRUE(admission_.may_stream());
  pass(10, 300, Duration(45'000), 0.99);
  const Status full = admission_.may_stream();
  ASSERT_FALSE(full);
  EXPECT_THAT(full.error().operation, HasSubstr("99 % busy"));
  EXPECT_LE(full.error().operation.size(), 123U);
}

TEST_F(AdmissionTest, RoomIsBackOnlyWithSomethingToSpare) {
  pass(10, 300, Duration(200'000), 1.0);
  ASSERT_FALSE(admission_.may_stream());
  pass(20, 300, Duration(140'000), 0.5);  // below the limit, not by a fifth
  EXPECT_FALSE(admission_.may_stream());
  pass(20, 300, Duration(90'000), 0.5);
  EXPECT_TRUE(admission_.may_stream());
  pass(20, 300, Duration(140'000), 0.5);
  EXPECT_TRUE(admission_.may_stream());
}

TEST_F(AdmissionTest, AMachineThatFellStillHasRoomAgain) {
  pass(10, 300, Duration(200'000), 1.0);
  ASSERT_FALSE(admission_.may_stream());
  pass(Admission::kLooksToClear - 1, 0, Duration(0), 0);
  EXPECT_FALSE(admission_.may_stream());
  pass(1, 0, Duration(0), 0);
  EXPECT_TRUE(admission_.may_stream());
}

TEST_F(AdmissionTest, AFewSlowPicturesAreNoLoad) {
  pass(30, 5, Duration(400'000), 1.0);
  EXPECT_TRUE(admission_.may_stream());
}

TEST_F(AdmissionTest, WithoutMemoryNeitherViewersNorPhones) {
  pass(1, 0, Duration(0), 0, 200 * kMiB);
  EXPECT_THAT(admission_.may_make_phone().error().operation, HasSubstr("200 MiB of memory"));
  EXPECT_FALSE(admission_.may_stream());
  pass(1, 0, Duration(0), 0, 300 * kMiB);
  EXPECT_FALSE(admission_.may_make_phone());
  pass(1, 0, Duration(0), 0, 330 * kMiB);
  EXPECT_TRUE(admission_.may_make_phone());
}

}  // namespace
}  // namespace rp
