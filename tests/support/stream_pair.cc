#include "tests/support/stream_pair.h"

#include <poll.h>
#include <stdlib.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "engine/transport/offloaded_stream.h"
#include "engine/transport/self_signed.h"
#include "engine/transport/tls_stream.h"

namespace rp {

namespace {

template <typename T>
T value_or_abort(Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.error().message().c_str());
  RP_CHECK(result.has_value());
  return std::move(*result);
}

}  // namespace

TemporaryDirectory::TemporaryDirectory()
    : path_((std::filesystem::temp_directory_path() / "rackphone-test-XXXXXX").string()) {
  RP_CHECK(::mkdtemp(path_.data()) != nullptr);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TlsPair make_tls_pair(bool allow_tls12, RecordOffload* offload) {
  const TemporaryDirectory directory;
  const auto made = value_or_abort(make_self_signed({"localhost", "127.0.0.1"}));
  const std::string certificate = directory.path() + "/cert.pem";
  const std::string key = directory.path() + "/key.pem";
  std::ofstream(certificate) << made.certificate_pem;
  std::ofstream(key) << made.key_pem;
  return {value_or_abort(TlsContext::create_server({certificate, key, allow_tls12, offload})),
          value_or_abort(TlsContext::create_client({certificate, nullptr}))};
}

SocketPair make_tcp_pair() {
  const UniqueFd listener = value_or_abort(listen_tcp({"127.0.0.1", 0}));
  const std::uint16_t port = value_or_abort(local_port(listener.get()));
  UniqueFd client = value_or_abort(connect_tcp({"127.0.0.1", port}));
  pollfd waiting{listener.get(), POLLIN, 0};
  RP_CHECK(::poll(&waiting, 1, 5'000) == 1);
  return {value_or_abort(accept_socket(listener.get())), std::move(client)};
}

StreamPair make_plain_streams() {
  SocketPair sockets = make_tcp_pair();
  return {value_or_abort(SocketStream::create(std::move(sockets.server))),
          value_or_abort(SocketStream::create(std::move(sockets.client)))};
}

StreamPair make_tls_streams(const TlsPair& tls) {
  SocketPair sockets = make_tcp_pair();
  return {value_or_abort(TlsStream::accept(tls.server, std::move(sockets.server))),
          value_or_abort(TlsStream::connect(tls.client, std::move(sockets.client), "localhost"))};
}

StreamPair make_offloaded_streams(const TlsPair& tls) {
  StreamPair streams = make_tls_streams(tls);
  auto& server = static_cast<TlsStream&>(*streams.server);
  auto& client = static_cast<TlsStream&>(*streams.client);
  std::array<std::uint8_t, 1> nothing{};
  for (int turn = 0; server.version().empty() || client.version().empty(); ++turn) {
    RP_CHECK(turn < 1'000 && !client.read(nothing) && !server.read(nothing));
    pollfd waiting[] = {{server.fd(), POLLIN, 0}, {client.fd(), POLLIN, 0}};
    RP_CHECK(::poll(waiting, 2, 5'000) >= 0);
  }
  server.expect_bulk();
  RP_CHECK(server.sent_by() != RecordCarrier::kProcess);
  return streams;
}

StreamPair make_handed_streams(const TlsPair& tls) {
  StreamPair streams = make_offloaded_streams(tls);
  HandedStream handed = value_or_abort(streams.server->hand_over());
  streams.server =
      value_or_abort(OffloadedStream::create(*tls.server->offload(), std::move(handed)));
  return streams;
}

}  // namespace rp
