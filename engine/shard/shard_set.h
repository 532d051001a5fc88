// ShardSet: the engine's shards as the front sees them: which phone lives where, and the way of a
// question to a shard's thread and of its answer back. A new phone goes to the shard with the
// fewest. Thread rule: the front's loop; answers come on it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/front/phone_directory.h"
#include "engine/front/stream_sink.h"
#include "engine/shard/shard.h"

namespace rp {

class ShardSet final : public PhoneDirectory, public StreamSink {
 public:
  // `front` is the loop this is used from; it must outlive the set and not run any more when the
  // set goes.
  ShardSet(EventLoop& front, std::string phones_dir, std::vector<std::unique_ptr<Shard>> shards);

  void put(PhoneRequest request, std::function<void(Result<PhoneInfo>)> answer) override;
  void get(std::string id, std::function<void(Result<PhoneInfo>)> answer) override;
  void list(std::function<void(std::vector<PhoneInfo>)> answer) override;
  void remove(std::string id, std::function<void(Status)> answer) override;
  void accept_stream(std::unique_ptr<ByteStream> stream, std::vector<std::uint8_t> early,
                     StreamTicket ticket) override;

  [[nodiscard]] std::size_t shard_count() const { return shards_.size(); }

 private:
  // Runs `work` on the shard's thread and `answer` with its result on the front's.
  template <typename Work, typename Answer>
  void ask(Shard& shard, Work work, Answer answer);
  [[nodiscard]] Shard& shard_for(const std::string& id);
  [[nodiscard]] Shard* find(const std::string& id);
  [[nodiscard]] PhoneInfo info(SessionStatus status) const;

  EventLoop& front_;
  std::string phones_dir_;
  std::vector<std::unique_ptr<Shard>> shards_;
  struct Place {
    std::size_t shard = 0;    // index
    std::uint64_t asked = 0;  // puts and removals so far: an old answer does not free the place
  };
  std::unordered_map<std::string, Place> places_;  // by the phone's id
};

}  // namespace rp
