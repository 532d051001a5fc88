// Shard: one thread, one event loop, and the phones that live on it from birth to death, with the
// encode thread beside it. Nothing on a frame's way is shared between shards. Thread rule: create,
// destroy and run() as said below; everything else on the shard's own thread, which other threads
// reach with loop().post().
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/base/metrics.h"
#include "engine/encode/encoder_pool.h"
#include "engine/front/stream_sink.h"
#include "engine/session/session.h"
#include "engine/shard/busy_share.h"
#include "engine/shard/shard_metrics.h"

namespace rp {

struct ShardOptions {
  int index = 0;
  std::string phones_dir;                            // holds one directory a phone with its socket
  std::span<const EncoderDriver> encoders;           // the product's table; outlives the shard
  std::string preferred_encoder;                     // empty: the first that matches
  std::size_t encoder_bytes = std::size_t{1} << 30;  // bounds of EncoderPoolOptions
  std::size_t idle_encoder_bytes = std::size_t{64} << 20;
  bool test_codec = false;  // as SessionOptions has it
  // The composer its phones share, made on the shard's loop; empty: the CPU's.
  std::function<std::shared_ptr<Composer>(EventLoop&)> make_composer;
  // For guests' own fences and their shared memory; outlive the shard; null where there is none.
  SyncDevice* sync = nullptr;
  MemfdDevice* memfds = nullptr;
};

struct PhoneOptions {
  std::string id;
  std::string name;
  OutputMode mode;
  std::int32_t own_scale_120 = 0;  // as SessionOptions has it
};

class Shard {
 public:
  // `clock` and `registry` outlive the shard. The thread starts at once.
  [[nodiscard]] static Result<std::unique_ptr<Shard>> create(const Clock& clock, Registry& registry,
                                                             ShardOptions options);
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;
  // Ends viewers (1001), then phones' displays, then the thread. From another thread.
  ~Shard();

  [[nodiscard]] EventLoop& loop() { return *loop_; }

  // ---- from any one thread
  // Looks at what the loop and the encode thread have used since the last look, for load().
  void measure(TimePoint now);
  // Both shares together: 0 at rest, up to 2.
  [[nodiscard]] double load() const { return loop_busy_.share() + encode_busy_.share(); }
  [[nodiscard]] LatencyHistogram::Counts encode_waits() const;

  // ---- on the shard's thread
  // For all its phones, those to come included (FrameGovernor).
  void set_least_interval(Duration interval);
  // Makes the phone's display, or leaves the one that is there as it is.
  [[nodiscard]] Result<SessionStatus> put(const PhoneOptions& phone);
  [[nodiscard]] Result<SessionStatus> get(const std::string& id) const;
  [[nodiscard]] std::vector<SessionStatus> list() const;
  // Ends viewer and apps and removes the socket's directory; `done` hears when all that has
  // happened. kNotFound.
  void remove(const std::string& id, std::function<void(Status)> done);
  // Makes a sender of the stream and hands it to the phone, or closes it: with 4404, or with 4430
  // when `admitted` says why there is no room for a phone's first viewer. One that takes over a
  // phone always has room: the other one's.
  void attach(std::unique_ptr<ByteStream> stream, std::vector<std::uint8_t> early,
              StreamTicket ticket, const Status& admitted);

 private:
  class TurnedAway;

  Shard(Registry& registry, ShardOptions options);
  [[nodiscard]] SessionParts parts();
  // Ends what is left of a phone that was removed, if anything is.
  void finish_removal(const std::string& id);

  Registry& registry_;
  ShardOptions options_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<EncodeThread> encode_thread_;
  std::unique_ptr<EncoderPool> encoders_;
  std::unique_ptr<ShardMetrics> metrics_;
  BusyShare loop_busy_;
  BusyShare encode_busy_;
  std::shared_ptr<Composer> composer_;
  std::unique_ptr<ComposeBatch> batch_;  // of a device's composer
  TileScratch tile_scratch_;
  Duration least_interval_{0};
  std::unordered_map<std::string, std::unique_ptr<Session>> sessions_;
  // Removed, with a turn of the loop left in which the close frame goes out.
  std::unordered_map<std::string, std::unique_ptr<Session>> leaving_;
  std::vector<std::unique_ptr<TurnedAway>> turned_away_;
  std::thread thread_;
};

}  // namespace rp
