// StreamSink: where the front hands a viewer's connection once its ticket has been checked;
// implemented by the shards, which make a Sender of it. Thread rule: called from the front's loop.
// The stream must not be registered with the front's loop any more: it goes on to another thread's
// loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/byte_stream.h"

namespace rp {

// What the ticket said, and where it came from.
struct StreamTicket {
  std::string phone;
  std::string user;
  std::string session;
  std::string role;
  std::string device;
  std::string peer;  // address
};

class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // The WebSocket handshake is done; `early` holds bytes that came behind it. The sink closes the
  // stream with 4404 when it has no such phone.
  virtual void accept_stream(std::unique_ptr<ByteStream> stream, std::vector<std::uint8_t> early,
                             StreamTicket ticket) = 0;
};

}  // namespace rp
