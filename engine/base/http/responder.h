// HttpResponder: a handler's way to answer one request, now or on a later turn of the loop. A
// handle to copy; the first answer wins, an answer to a peer that has gone is dropped, and a
// request whose last handle dies without an answer is answered 500, so that no peer waits for a
// forgotten callback. Thread rule: the server's loop, the last handle's death included.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/byte_stream.h"
#include "engine/base/http/message.h"

namespace rp {

// A connection taken out of HTTP (RFC 9110 7.8): detached from the loop, nothing written to it.
struct HttpUpgrade {
  std::unique_ptr<ByteStream> stream;
  std::string leftover;  // bytes the peer sent after its request
};

class HttpResponder {
 public:
  using Send = std::function<void(HttpResponse)>;
  using Take = std::function<std::optional<HttpUpgrade>()>;

  explicit HttpResponder(Send send, Take take = {});

  void send(HttpResponse response) const;
  // The connection itself; the handler then owes no answer. Nothing when the request is answered or
  // the peer has gone.
  [[nodiscard]] std::optional<HttpUpgrade> take_stream() const;
  [[nodiscard]] bool answered() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared: a handler may keep the handle in several callbacks
};

using HttpHandler = std::function<void(HttpRequest request, HttpResponder responder)>;

}  // namespace rp
