#include "engine/shard/shard_set.h"

#include <algorithm>
#include <utility>

namespace rp {

ShardSet::ShardSet(EventLoop& front, std::string phones_dir,
                   std::vector<std::unique_ptr<Shard>> shards)
    : front_(front), phones_dir_(std::move(phones_dir)), shards_(std::move(shards)) {}

template <typename Work, typename Answer>
void ShardSet::ask(Shard& shard, Work work, Answer answer) {
  shard.loop().post(
      [&front = front_, &shard, work = std::move(work), answer = std::move(answer)]() mutable {
        auto result = work(shard);
        front.post([result = std::move(result), answer = std::move(answer)]() mutable {
          answer(std::move(result));
        });
      });
}

PhoneInfo ShardSet::info(SessionStatus status) const {
  PhoneInfo info;
  info.socket_dir = phones_dir_ + "/" + status.id;
  info.id = std::move(status.id);
  info.name = std::move(status.name);
  info.encoder = std::move(status.encoder);
  info.size = status.size;
  info.clients = status.clients;
  info.viewers = status.viewers;
  info.has_content = status.has_content;
  info.frames = status.frames;
  return info;
}

Shard* ShardSet::find(const std::string& id) {
  const auto found = places_.find(id);
  return found == places_.end() ? nullptr : shards_[found->second.shard].get();
}

Shard& ShardSet::shard_for(const std::string& id) {
  if (Shard* shard = find(id)) return *shard;
  std::vector<std::size_t> load(shards_.size(), 0);
  for (const auto& [phone, place] : places_) ++load[place.shard];
  const auto least =
      static_cast<std::size_t>(std::min_element(load.begin(), load.end()) - load.begin());
  places_.emplace(id, Place{least});
  return *shards_[least];
}

void ShardSet::put(PhoneRequest request, std::function<void(Result<PhoneInfo>)> answer) {
  Shard& shard = shard_for(request.id);
  const std::string id = request.id;
  ++places_[id].asked;
  ask(
      shard,
      [request = std::move(request)](Shard& s) {
        return s.put({request.id, request.name, request.mode, request.own_scale_120});
      },
      [this, id, answer = std::move(answer)](Result<SessionStatus> status) {
        if (!status) {
          places_.erase(id);
          answer(std::unexpected(std::move(status).error()));
        } else {
          answer(info(std::move(*status)));
        }
      });
}

void ShardSet::get(std::string id, std::function<void(Result<PhoneInfo>)> answer) {
  Shard* shard = find(id);
  if (shard == nullptr) {
    front_.post([id = std::move(id), answer = std::move(answer)] {
      answer(fail(ErrorCode::kNotFound, "there is no phone " + id));
    });
    return;
  }
  ask(
      *shard, [id = std::move(id)](Shard& s) { return s.get(id); },
      [this, answer = std::move(answer)](Result<SessionStatus> status) {
        status ? answer(info(std::move(*status)))
               : answer(std::unexpected(std::move(status).error()));
      });
}

void ShardSet::list(std::function<void(std::vector<PhoneInfo>)> answer) {
  struct Gathering {
    std::vector<PhoneInfo> all;
    std::size_t left = 0;
    std::function<void(std::vector<PhoneInfo>)> answer;
  };
  // Shared by the shards' answers, which all come on the front's loop; the last one replies.
  auto gathering = std::make_shared<Gathering>();
  gathering->left = shards_.size();
  gathering->answer = std::move(answer);
  for (const auto& shard : shards_) {
    ask(
        *shard, [](Shard& s) { return s.list(); },
        [this, gathering](std::vector<SessionStatus> statuses) {
          for (SessionStatus& status : statuses) gathering->all.push_back(info(std::move(status)));
          if (--gathering->left > 0) return;
          std::ranges::sort(gathering->all, {}, &PhoneInfo::id);
          gathering->answer(std::move(gathering->all));
        });
  }
}

void ShardSet::remove(std::string id, std::function<void(Status)> answer) {
  Shard* shard = find(id);
  if (shard == nullptr) {
    front_.post([id = std::move(id), answer = std::move(answer)] {
      answer(fail(ErrorCode::kNotFound, "there is no phone " + id));
    });
    return;
  }
  // The place stays taken until the phone is gone: two shards must not share its directory.
  const std::uint64_t asked = ++places_[id].asked;
  auto done = [this, id, asked, answer = std::move(answer)](Status status) {
    const auto place = places_.find(id);
    if (place != places_.end() && place->second.asked == asked) places_.erase(place);
    answer(std::move(status));
  };
  shard->loop().post(
      [&front = front_, shard, id = std::move(id), done = std::move(done)]() mutable {
        shard->remove(id, [&front, done = std::move(done)](Status status) {
          front.post([done, status = std::move(status)]() mutable { done(std::move(status)); });
        });
      });
}

void ShardSet::accept_stream(std::unique_ptr<ByteStream> stream, std::vector<std::uint8_t> early,
                             StreamTicket ticket) {
  // A phone nobody placed has no shard; any can say so to the viewer.
  Shard* shard = find(ticket.phone);
  if (shard == nullptr) shard = shards_.front().get();
  shard->loop().post([shard,
                      stream = std::make_shared<std::unique_ptr<ByteStream>>(std::move(stream)),
                      early = std::move(early), ticket = std::move(ticket)]() mutable {
    shard->attach(std::move(*stream), std::move(early), std::move(ticket));
  });
}

}  // namespace rp
