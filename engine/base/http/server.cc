#include "engine/base/http/server.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/http/server_connection.h"
#include "engine/base/log.h"
#include "engine/base/socket_stream.h"

namespace rp {

HttpServer::HttpServer(EventLoop& loop, HttpHandler handler, HttpServerOptions options)
    : loop_(loop),
      handler_(std::move(handler)),
      options_(std::move(options)),
      resume_accepting_(loop.timer([this] {
        for (auto& listener : listeners_) listener->watch.set_events(EPOLLIN);
      })) {}

HttpServer::~HttpServer() {
  // Handles that outlive the server must find their connection gone, not half destroyed.
  auto connections = std::exchange(connections_, {});
  for (auto& [id, connection] : connections) connection->abandon();
}

Status HttpServer::listen(UniqueFd listener, Wrap wrap) {
  auto entry = std::make_unique<Listener>();
  entry->socket = std::move(listener);
  entry->wrap = std::move(wrap);
  RP_ASSIGN(entry->watch, loop_.watch(entry->socket.get(), EPOLLIN,
                                      [this, e = entry.get()](std::uint32_t) { accept_some(*e); }));
  listeners_.push_back(std::move(entry));
  return {};
}

void HttpServer::stop_listening() {
  resume_accepting_.cancel();
  for (auto& listener : listeners_) listener->watch.reset();
  listeners_.clear();
}

void HttpServer::accept_some(const Listener& listener) {
  constexpr int kAcceptsPerTurn = 16;
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    auto socket = accept_socket(listener.socket.get());
    if (!socket) {
      if (socket.error().code == ErrorCode::kWouldBlock) return;
      // Out of descriptors: the peer stays in the backlog and the socket stays readable, so pause
      // rather than spin.
      log_limited(LogLevel::kError, "http.accept_failed", {{"error", socket.error()}});
      for (auto& entry : listeners_) entry->watch.set_events(0);
      resume_accepting_.arm_after(std::chrono::milliseconds(100));
      return;
    }
    if (listener.wrap) {
      if (auto stream = listener.wrap(std::move(*socket))) adopt(std::move(stream));
    } else if (auto stream = SocketStream::create(std::move(*socket))) {
      adopt(std::move(*stream));
    }
  }
}

void HttpServer::adopt(std::unique_ptr<ByteStream> stream) {
  const std::string peer = stream->peer();
  const auto known = per_peer_.find(peer);
  const std::size_t of_peer = known == per_peer_.end() ? 0 : known->second;
  if (connections_.size() >= options_.max_connections ||
      of_peer >= options_.max_connections_per_peer) {
    counters_.refused.add();
    log_limited(LogLevel::kWarning, "http.connection_refused",
                {{"peer", peer}, {"open", connections_.size()}, {"of_peer", of_peer}});
    return;
  }
  const std::uint64_t id = next_id_++;
  auto connection =
      std::make_shared<Connection>(ConnectionContext{loop_, handler_, options_, counters_},
                                   std::move(stream), [this, id, peer] { remove(id, peer); });
  connections_.emplace(id, connection);
  per_peer_[peer] = of_peer + 1;
  counters_.connections.add();
  connection->start();
}

void HttpServer::remove(std::uint64_t id, const std::string& peer) {
  connections_.erase(id);
  const auto known = per_peer_.find(peer);
  if (--known->second == 0) per_peer_.erase(known);
}

Result<UniqueFd> listen_unix_fresh(const std::string& path, const UnixListenOptions& options) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) return fail(ErrorCode::kExists, path + " exists and is no socket");
    if (connect_unix(path)) {
      return fail(ErrorCode::kExists, "another process serves " + path + " already");
    }
    if (::unlink(path.c_str()) != 0) return fail_errno("replace the old socket " + path);
  }
  RP_ASSIGN(UniqueFd socket, listen_unix(path, options.mode));
  const auto uid = static_cast<uid_t>(options.uid);
  const auto gid = static_cast<gid_t>(options.gid);
  if ((options.uid != -1 || options.gid != -1) && ::chown(path.c_str(), uid, gid) != 0) {
    return fail_errno("give " + path + " to its owner");
  }
  return socket;
}

}  // namespace rp
