// Goal: a frame names the newest input handed over before its commit. Method: hand-made sequences.
#include "engine/session/input_track.h"

#include <gtest/gtest.h>

namespace rp {
namespace {

TEST(InputTrack, NamesTheNewestInputBeforeTheCommit) {
  InputTrack track;
  EXPECT_EQ(track.newest_before({100}), 0U);
  track.delivered(1, {10});
  track.delivered(2, {20});
  track.delivered(3, {30});
  EXPECT_EQ(track.newest_before({5}), 0U);
  EXPECT_EQ(track.newest_before({20}), 2U);
  EXPECT_EQ(track.newest_before({29}), 2U);
  EXPECT_EQ(track.newest_before({1000}), 3U);
}

TEST(InputTrack, OfInputsAtOneTimeTheLastCounts) {
  InputTrack track;
  track.delivered(1, {10});
  track.delivered(2, {10});
  EXPECT_EQ(track.newest_before({10}), 2U);
}

TEST(InputTrack, OldEntriesMakeRoom) {
  InputTrack track;
  for (std::uint32_t i = 1; i <= 1000; ++i) track.delivered(i, {i});
  EXPECT_EQ(track.newest_before({2000}), 1000U);
  EXPECT_EQ(track.newest_before({950}), 950U);
  EXPECT_EQ(track.newest_before({500}), 0U);  // forgotten: unknown, not wrong
}

TEST(InputTrack, ClearForgetsTheLastViewer) {
  InputTrack track;
  track.delivered(7, {10});
  track.clear();
  EXPECT_EQ(track.newest_before({20}), 0U);
}

}  // namespace
}  // namespace rp
