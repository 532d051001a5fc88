#include "engine/base/http/responder.h"

#include "engine/base/http/json.h"

namespace rp {

struct HttpResponder::State {
  Send send;
  Take take;
  bool answered = false;

  State(Send sender, Take taker) : send(std::move(sender)), take(std::move(taker)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (!answered) send(json_error(500, "internal", {}, "the request was dropped unanswered"));
  }
};

HttpResponder::HttpResponder(Send send, Take take)
    : state_(std::make_shared<State>(std::move(send), std::move(take))) {}

void HttpResponder::send(HttpResponse response) const {
  if (std::exchange(state_->answered, true)) return;
  state_->send(std::move(response));
}

std::optional<HttpUpgrade> HttpResponder::take_stream() const {
  if (state_->answered || !state_->take) return std::nullopt;
  auto upgrade = state_->take();
  if (upgrade) state_->answered = true;
  return upgrade;
}

bool HttpResponder::answered() const { return state_->answered; }

}  // namespace rp
