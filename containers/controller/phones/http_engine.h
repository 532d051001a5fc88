// HttpEngine: EngineControl over the engine's unix socket. It also keeps one idle connection, the
// link: when that closes, the engine has died or restarted, and the controller knows at once
// instead of at the next poll. A new link means a new engine: it is given the ticket keys before
// anybody is told that it is there. Thread rule: the controller's loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "containers/controller/phones/engine_control.h"
#include "engine/base/event_loop.h"
#include "engine/base/http/client.h"

namespace rp {

class HttpEngine final : public EngineControl {
 public:
  // `ticket_keys`: base64 of raw Ed25519 public keys. `changed` is called when the engine comes or
  // goes.
  HttpEngine(EventLoop& loop, const std::string& socket_path, std::vector<std::string> ticket_keys,
             std::function<void()> changed);

  void list(Listed done) override;
  void put(const Phone& phone, std::int32_t own_scale_120, Done done) override;
  void remove(const std::string& id, Done done) override;

  // GET /v1/health of the engine at hand, as it came with the last list(); empty while it is down.
  [[nodiscard]] const std::string& health_json() const { return health_json_; }
  [[nodiscard]] const std::string& version() const { return version_; }

 private:
  void connect_link();
  void push_keys();
  void link_lost();
  void ask_health();

  EventLoop& loop_;
  std::string socket_path_;
  std::vector<std::string> ticket_keys_;
  std::function<void()> changed_;
  HttpClient client_;
  EventLoop::Timer retry_;
  UniqueFd link_;
  EventLoop::Watch link_watch_;
  bool ready_ = false;  // linked, and the engine has the keys
  std::string health_json_;
  std::string version_;
};

// The engine's answer to GET /v1/phones, checked: it is another process, and may be another
// version.
[[nodiscard]] Result<std::vector<EnginePhone>> parse_engine_phones(std::string_view body);

}  // namespace rp
