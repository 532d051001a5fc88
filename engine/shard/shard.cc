#include "engine/shard/shard.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/core.h>

#include "engine/base/log.h"
#include "engine/base/thread_time.h"
#include "engine/compose/cpu_composer.h"
#include "engine/transport/websocket_sender.h"

namespace rp {
namespace {

constexpr const char* kSocketName = "wayland-0";

// The directory is bind-mounted into the container, so it has to stay the same one when the engine
// comes back after a crash; only a socket left in it is removed.
Status prepare_directory(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST)
    return fail_errno("make " + directory);
  const std::string socket = directory + "/" + kSocketName;
  if (::unlink(socket.c_str()) != 0 && errno != ENOENT) return fail_errno("remove " + socket);
  return {};
}

}  // namespace

// A viewer that cannot be served: held until its close frame is out.
class Shard::TurnedAway final : public SenderListener {
 public:
  TurnedAway(Shard& shard, std::unique_ptr<Sender> sender, wire::CloseCode code,
             std::string_view reason)
      : shard_(shard), sender_(std::move(sender)) {
    sender_->set_listener(*this);
    sender_->close(static_cast<std::uint16_t>(code), reason);
  }
  void on_message(std::span<const std::uint8_t>) override {}
  void on_ready_for_frame() override {}
  void on_payload_free(std::vector<std::uint8_t>) override {}
  void on_closed(const Error&) override {
    shard_.loop_->post([&shard = shard_, self = this] {
      std::erase_if(shard.turned_away_, [self](const auto& other) { return other.get() == self; });
    });
  }

 private:
  Shard& shard_;
  std::unique_ptr<Sender> sender_;
};

Shard::Shard(Registry& registry, ShardOptions options)
    : registry_(registry), options_(std::move(options)) {}

Result<std::unique_ptr<Shard>> Shard::create(const Clock& clock, Registry& registry,
                                             ShardOptions options) {
  std::unique_ptr<Shard> shard(new Shard(registry, std::move(options)));
  RP_ASSIGN(shard->loop_, EventLoop::create(clock));
  const auto& make_composer = shard->options_.make_composer;
  shard->composer_ = make_composer ? make_composer(*shard->loop_) : std::make_shared<CpuComposer>();
  if (make_composer) {
    shard->batch_ = std::make_unique<ComposeBatch>(*shard->loop_, *shard->composer_);
    shard->batch_->publish(registry, shard->options_.index);
  }
  RP_ASSIGN(shard->encode_thread_, EncodeThread::create(*shard->loop_));
  shard->encoders_ = std::make_unique<EncoderPool>(
      *shard->encode_thread_,
      EncoderPoolOptions{.drivers = shard->options_.encoders,
                         .preferred = shard->options_.preferred_encoder,
                         .max_bytes = shard->options_.encoder_bytes,
                         .max_idle_bytes = shard->options_.idle_encoder_bytes});
  shard->metrics_ = std::make_unique<ShardMetrics>(registry, shard->options_.index,
                                                   *shard->encode_thread_, *shard->encoders_);
  shard->thread_ = std::thread([loop = shard->loop_.get()] { loop->run(); });
  ::pthread_setname_np(shard->thread_.native_handle(),
                       fmt::format("shard-{}", shard->options_.index).c_str());
  return shard;
}

void Shard::measure(TimePoint now) {
  loop_busy_.look(now, cpu_time_of(thread_.native_handle()));
  encode_busy_.look(now, encode_thread_->cpu_time());
  metrics_->loop_busy.set(loop_busy_.share());
  metrics_->encode_busy.set(encode_busy_.share());
}

LatencyHistogram::Counts Shard::encode_waits() const { return encode_thread_->waits().counts(); }

Shard::~Shard() {
  if (!thread_.joinable()) return;
  loop_->post([this] {
    for (const auto& [id, session] : sessions_) {
      session->detach(wire::CloseCode::kGoingAway, "the engine is stopping");
    }
    // One more turn lets the close frames out.
    loop_->post([this] {
      sessions_.clear();
      leaving_.clear();
      turned_away_.clear();
      loop_->stop();
    });
  });
  thread_.join();
}

SessionParts Shard::parts() {
  return {*loop_,
          registry_,
          [this](EventLoop& loop, DisplayOptions options, DisplayListener& listener) {
            options.sync = options_.sync;
            options.memfds = options_.memfds;
            return Display::create(loop, options, listener);
          },
          composer_,
          tile_scratch_,
          [this](const EncoderSettings& settings, Encoder::Completion completion) {
            return encoders_->lend(settings, std::move(completion));
          },
          batch_.get()};
}

Result<SessionStatus> Shard::put(const PhoneOptions& phone) {
  if (const auto found = sessions_.find(phone.id); found != sessions_.end()) {
    return found->second->status();
  }
  finish_removal(phone.id);  // or the old display would take the new one's socket away
  const std::string directory = options_.phones_dir + "/" + phone.id;
  RP_TRY(prepare_directory(directory));
  SessionOptions options;
  options.id = phone.id;
  options.name = phone.name;
  options.display.socket_path = directory + "/" + kSocketName;
  options.display.mode = phone.mode;
  options.own_scale_120 = phone.own_scale_120;
  options.test_codec = options_.test_codec;
  options.max_refresh_hz = phone.mode.refresh_mhz / 1'000;
  RP_ASSIGN(auto session, Session::create(parts(), std::move(options)));
  session->set_least_interval(least_interval_);
  const SessionStatus status = session->status();
  sessions_.emplace(phone.id, std::move(session));
  metrics_->sessions.set(static_cast<double>(sessions_.size()));
  log_info("phone.display_ready", {{"phone", phone.id}, {"directory", directory}});
  return status;
}

void Shard::set_least_interval(Duration interval) {
  least_interval_ = interval;
  for (const auto& [id, session] : sessions_) session->set_least_interval(interval);
}

Result<SessionStatus> Shard::get(const std::string& id) const {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return fail(ErrorCode::kNotFound, "there is no phone " + id);
  return found->second->status();
}

std::vector<SessionStatus> Shard::list() const {
  std::vector<SessionStatus> all;
  all.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) all.push_back(session->status());
  return all;
}

void Shard::remove(const std::string& id, std::function<void(Status)> done) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return done(fail(ErrorCode::kNotFound, "there is no phone " + id));
  found->second->detach(wire::CloseCode::kNormal, "the phone was removed");
  leaving_.insert_or_assign(id, std::move(found->second));
  sessions_.erase(found);
  metrics_->sessions.set(static_cast<double>(sessions_.size()));
  // The session goes on the next turn, after the close frame is out; then its directory is empty.
  loop_->post([this, id, done = std::move(done)] {
    finish_removal(id);
    done({});
  });
  log_info("phone.display_removed", {{"phone", id}});
}

void Shard::finish_removal(const std::string& id) {
  if (leaving_.erase(id) == 0) return;
  const std::string directory = options_.phones_dir + "/" + id;
  if (::rmdir(directory.c_str()) != 0 && errno != ENOENT) {
    // Still mounted in a container: the controller removes it with the container.
    log_info("phone.directory_kept", {{"directory", directory}, {"errno", errno}});
  }
}

void Shard::attach(std::unique_ptr<ByteStream> stream, std::vector<std::uint8_t> early,
                   StreamTicket ticket, const Status& admitted) {
  auto sender =
      WebSocketSender::create(*loop_, std::move(stream), WebSocketRole::kServer, std::move(early));
  if (!sender) {
    log_limited(LogLevel::kInfo, "viewer.lost",
                {{"phone", ticket.phone}, {"error", sender.error()}});
    return;
  }
  const auto turn_away = [&](wire::CloseCode code, std::string_view reason) {
    turned_away_.push_back(std::make_unique<TurnedAway>(*this, std::move(*sender), code, reason));
  };
  const auto found = sessions_.find(ticket.phone);
  if (found == sessions_.end()) {
    return turn_away(wire::CloseCode::kNoPhone, "this phone is not here (yet)");
  }
  if (!admitted && found->second->status().viewers == 0) {
    metrics_->refused.add();
    log_limited(LogLevel::kWarning, "viewer.refused",
                {{"phone", ticket.phone}, {"error", admitted.error()}});
    return turn_away(wire::CloseCode::kServerFull, admitted.error().operation);
  }
  found->second->attach(std::move(*sender),
                        {ticket.user, ticket.session, ticket.device, ticket.peer});
}

}  // namespace rp
