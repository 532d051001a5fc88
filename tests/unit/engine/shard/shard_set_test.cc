// Goal: new phones go where there is least to do and stay there, a full machine refuses with a
// reason, and both can be seen in the metrics. Method: real shards with the fake encoder in a
// temporary directory; the front's clock is moved by the test; load is made by a shard's thread
// that spins.
#include "engine/shard/shard_set.h"

#include <array>
#include <atomic>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/fake/encoder/encoder.h"
#include "engine/base/thread_time.h"
#include "tests/support/stream_pair.h"

namespace rp {
namespace {

using testing::HasSubstr;
using testing::Not;

class ShardSetTest : public testing::Test {
 protected:
  void make(AdmissionLimits limits = {}, int shards = 2) {
    std::vector<std::unique_ptr<Shard>> made;
    for (int i = 0; i < shards; ++i) {
      ShardOptions options;
      options.index = i;
      options.phones_dir = directory_.path();
      options.encoders = table_;
      made.push_back(Shard::create(clock_, registry_, std::move(options)).value());
      shards_.push_back(made.back().get());
    }
    set_ = std::make_unique<ShardSet>(
        *front_, registry_, ShardSetOptions{.phones_dir = directory_.path(), .limits = limits},
        std::move(made));
  }

  template <typename Done>
  [[nodiscard]] bool wait(Done done) {
    const SystemClock system;
    const TimePoint deadline = system.now() + Duration(20'000'000);
    while (!done() && system.now() < deadline) front_->run_once(Duration(1'000));
    return done();
  }

  Result<PhoneInfo> put(const std::string& id) {
    std::optional<Result<PhoneInfo>> answer;
    PhoneRequest request;
    request.id = id;
    request.name = id;
    request.mode.size = {64, 64};
    set_->put(std::move(request), [&](Result<PhoneInfo> info) { answer = std::move(info); });
    if (!wait([&] { return answer.has_value(); })) return fail(ErrorCode::kTimeout, "put");
    return *std::move(answer);
  }

  // Phones on a shard, as it says itself.
  [[nodiscard]] std::string sessions(int shard, int count) const {
    return "rackphone_shard_sessions{shard=\"" + std::to_string(shard) + "\"} " +
           std::to_string(count) + "\n";
  }

  // Half a second of CPU on the shard's thread, in the front's next second.
  void keep_busy(int shard) {
    std::atomic<bool> done = false;
    shards_[static_cast<std::size_t>(shard)]->loop().post([&] {
      const Duration end = cpu_time_of(::pthread_self()) + Duration(500'000);
      while (cpu_time_of(::pthread_self()) < end) continue;
      done = true;
    });
    ASSERT_TRUE(wait([&] { return done.load(); }));
    clock_.advance(std::chrono::seconds(1));
    front_->run_once(Duration(0));
  }

  TemporaryDirectory directory_;
  FakeClock clock_;
  Registry registry_;
  std::array<EncoderDriver, 1> table_ = {fake_encoder_driver()};
  std::unique_ptr<EventLoop> front_ = EventLoop::create(clock_).value();
  std::vector<Shard*> shards_;
  std::unique_ptr<ShardSet> set_;
};

TEST_F(ShardSetTest, EquallyBusyShardsShareThePhones) {
  make();
  for (const char* id : {"a", "b", "c", "d"}) ASSERT_TRUE(put(id));
  EXPECT_THAT(registry_.render(), HasSubstr(sessions(0, 2)));
  EXPECT_THAT(registry_.render(), HasSubstr(sessions(1, 2)));
}

TEST_F(ShardSetTest, ABusyShardGetsNoNewPhoneAndKeepsItsOwn) {
  make();
  ASSERT_TRUE(put("a"));
  ASSERT_TRUE(put("b"));
  keep_busy(1);
  for (const char* id : {"c", "d", "e"}) ASSERT_TRUE(put(id));
  ASSERT_TRUE(put("b"));  // there it is, and there it stays
  EXPECT_THAT(registry_.render(), HasSubstr(sessions(0, 4)));
  EXPECT_THAT(registry_.render(), HasSubstr(sessions(1, 1)));
  EXPECT_THAT(registry_.render(),
              Not(HasSubstr("rackphone_shard_busy_ratio{shard=\"1\",thread=\"loop\"} 0\n")));
}

TEST_F(ShardSetTest, WithoutMemoryNoPhoneIsMadeAndThatIsCounted) {
  make({.free_bytes = std::uint64_t{1} << 60});
  const auto refused = put("a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message(), HasSubstr("the server is full"));
  EXPECT_THAT(registry_.render(), HasSubstr("rackphone_phones_refused_total 1\n"));
}

// What the viewer's end of the stream hears within the shard's attach().
class Attach : public ShardSetTest {
 protected:
  std::string attach(const std::string& phone, const Status& admitted) {
    StreamPair streams = make_plain_streams();
    streams.server->detach();
    shards_[0]->loop().post([&, shard = shards_[0]] {
      shard->attach(std::move(streams.server), {}, {phone, "ada", "s1", "owner", "", "192.0.2.1"},
                    admitted);
    });
    std::string heard;
    (void)wait([&] {
      std::array<std::uint8_t, 256> buffer;
      const auto got = streams.client->read(buffer);
      if (got) heard.append(reinterpret_cast<const char*>(buffer.data()), *got);
      return heard.size() > 2 || (!got && got.error().code != ErrorCode::kWouldBlock);
    });
    return heard;
  }
};

TEST_F(Attach, AFullServerSaysSoWithItsOwnCode) {
  make({}, 1);
  ASSERT_TRUE(put("a"));
  const std::string heard =
      attach("a", fail(ErrorCode::kUnavailable, "the server is full: it is a test"));
  // RFC 6455 5.5.1: a close frame (0x88), its length, the code, the reason.
  ASSERT_GT(heard.size(), 4U);
  EXPECT_EQ(static_cast<unsigned char>(heard[0]), 0x88);
  EXPECT_EQ(static_cast<unsigned char>(heard[2]) << 8 | static_cast<unsigned char>(heard[3]), 4430);
  EXPECT_EQ(heard.substr(4), "the server is full: it is a test");
  EXPECT_THAT(registry_.render(), HasSubstr("rackphone_viewers_refused_total{shard=\"0\"} 1\n"));
}

TEST_F(Attach, APhoneThatIsNotHereIsSaidFirst) {
  make({}, 1);
  const std::string heard = attach("nobody", fail(ErrorCode::kUnavailable, "full"));
  ASSERT_GT(heard.size(), 4U);
  EXPECT_EQ(static_cast<unsigned char>(heard[2]) << 8 | static_cast<unsigned char>(heard[3]), 4404);
}

}  // namespace
}  // namespace rp
