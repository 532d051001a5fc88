// Connected streams for tests and benches: a TCP pair over loopback, bare or with TLS on both ends.
// Thread rule: one thread; the two ends may be attached to different loops.
#pragma once

#include <memory>
#include <string>

#include "engine/base/byte_stream.h"
#include "engine/base/socket_stream.h"
#include "engine/transport/tls_context.h"

namespace rp {

// A directory that is removed with all it holds.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct TlsPair {
  std::shared_ptr<TlsContext> server;
  std::shared_ptr<TlsContext> client;  // trusts the server's certificate, for "localhost"
};
// Aborts when it cannot be made: no test can go on without it.
[[nodiscard]] TlsPair make_tls_pair(bool allow_tls12 = false, RecordOffload* offload = nullptr);

struct SocketPair {
  UniqueFd server;
  UniqueFd client;
};
[[nodiscard]] SocketPair make_tcp_pair();

struct StreamPair {
  std::unique_ptr<ByteStream> server;
  std::unique_ptr<ByteStream> client;
};
[[nodiscard]] StreamPair make_plain_streams();
[[nodiscard]] StreamPair make_tls_streams(const TlsPair& tls);
// … with the handshake done and the server's records sent by the offload of its context.
[[nodiscard]] StreamPair make_offloaded_streams(const TlsPair& tls);
// … and the server's side handed over, within this process: no OpenSSL is left in it.
[[nodiscard]] StreamPair make_handed_streams(const TlsPair& tls);

}  // namespace rp
