#include "engine/shard/shard_set.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "engine/base/log.h"
#include "engine/frame/cpu_access.h"
#include "engine/frame/guest_fence.h"

namespace rp {

namespace {

constexpr Duration kMeasureInterval = std::chrono::seconds(1);
// Shards whose load differs by less are equally busy: one busy phone makes more.
constexpr double kSameLoad = 0.05;

}  // namespace

ShardSet::ShardSet(EventLoop& front, Registry& registry, ShardSetOptions options,
                   std::vector<std::unique_ptr<Shard>> shards)
    : front_(front),
      options_(std::move(options)),
      admission_(options_.limits),
      machine_(MachineMeter::create()),
      measure_timer_(front.timer([this] { measure(); })),
      shards_(std::move(shards)) {
  if (!machine_) log_warning("machine.not_measured", {{"error", machine_.error()}});
  handles_ = publish_cpu_pixels(registry);
  handles_.push_back(publish_fences_given_up(registry));
  const auto add = [&](const char* name, const char* help, const auto& metric) {
    handles_.push_back(registry.add(name, help, {}, metric));
  };
  add("rackphone_machine_cpu_busy_ratio", "Share of all cores that was busy in the last second.",
      cpu_busy_);
  add("rackphone_machine_memory_available_bytes", "Memory the machine has left.",
      memory_available_);
  add("rackphone_full", "1 while new viewers are turned away.", full_);
  add("rackphone_least_frame_interval_seconds",
      "Between two pictures of a phone while the machine is full; else 0.", least_interval_s_);
  add("rackphone_phones_refused_total", "Phones not made because the server was full.",
      phones_refused_);
}

void ShardSet::measure() {
  const TimePoint now = front_.clock().now();
  LoadLook look;
  for (const auto& shard : shards_) {
    shard->measure(now);
    const auto waits = shard->encode_waits();
    for (std::size_t i = 0; i < waits.size(); ++i) look.encode_waits[i] += waits[i];
  }
  if (const auto load = machine_ ? machine_->look() : std::nullopt) {
    look.cpu_busy = load->cpu_busy;
    look.memory_available_bytes = load->memory_available_bytes;
    cpu_busy_.set(load->cpu_busy);
    govern(load->cpu_busy);
    memory_available_.set(static_cast<double>(load->memory_available_bytes));
  } else {
    look.memory_available_bytes = options_.limits.free_bytes * 2;  // unknown is not full
  }
  admission_.look(look);
  full_.set(admission_.may_stream() ? 0 : 1);
  if (!places_.empty()) measure_timer_.arm_after(kMeasureInterval);
}

void ShardSet::govern(double cpu_busy) {
  double threads = 0;
  for (const auto& shard : shards_) threads += shard->load();
  const Duration before = governor_.least_interval();
  governor_.look(cpu_busy, threads / std::max(1U, std::thread::hardware_concurrency()));
  const Duration now = governor_.least_interval();
  if (now == before) return;
  least_interval_s_.set(static_cast<double>(now.count()) / 1e6);
  for (const auto& shard : shards_) {
    shard->loop().post([&shard = *shard, now] { shard.set_least_interval(now); });
  }
}

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
  info.socket_dir = options_.phones_dir + "/" + status.id;
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
  std::vector<std::size_t> phones(shards_.size(), 0);
  for (const auto& [phone, place] : places_) ++phones[place.shard];
  double least_load = shards_.front()->load();
  for (const auto& shard : shards_) least_load = std::min(least_load, shard->load());
  std::size_t best = shards_.size();
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (shards_[i]->load() > least_load + kSameLoad) continue;
    if (best == shards_.size() || phones[i] < phones[best]) best = i;
  }
  places_.emplace(id, Place{best});
  return *shards_[best];
}

void ShardSet::put(PhoneRequest request, std::function<void(Result<PhoneInfo>)> answer) {
  if (find(request.id) == nullptr) {
    if (!measure_timer_.armed()) measure();
    if (Status admitted = admission_.may_make_phone(); !admitted) {
      phones_refused_.add();
      log_limited(LogLevel::kWarning, "phone.refused",
                  {{"phone", request.id}, {"error", admitted.error()}});
      front_.post([error = std::move(admitted).error(), answer = std::move(answer)] {
        answer(std::unexpected(error));
      });
      return;
    }
  }
  Shard& shard = shard_for(request.id);
  if (!measure_timer_.armed()) measure_timer_.arm_after(kMeasureInterval);
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
  shard->loop().post([shard, admitted = admission_.may_stream(),
                      stream = std::make_shared<std::unique_ptr<ByteStream>>(std::move(stream)),
                      early = std::move(early), ticket = std::move(ticket)]() mutable {
    shard->attach(std::move(*stream), std::move(early), std::move(ticket), admitted);
  });
}

}  // namespace rp
