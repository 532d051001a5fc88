// What TLS 1.3 costs, both ends on one thread over loopback TCP: a handshake, and so many bytes
// from one end to the other (encrypted, sent, received, decrypted). transport_benchmark has the
// sender's share of frames. Run:
//   build/dev/bench/tls_benchmark
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/transport/tls_stream.h"
#include "tests/support/stream_pair.h"

namespace rp {
namespace {

const std::string& version_of(const ByteStream& stream, std::string& into) {
  into = static_cast<const TlsStream&>(stream).version();
  return into;
}

// As the engine has its sockets: nothing waits for an acknowledgement.
StreamPair make_streams(const TlsPair& tls) {
  StreamPair streams = make_tls_streams(tls);
  const int on = 1;
  for (const ByteStream* stream : {streams.client.get(), streams.server.get()})
    ::setsockopt(stream->fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return streams;
}

// Both say kWouldBlock until the other's part has come.
bool shake_hands(StreamPair& streams) {
  std::array<std::uint8_t, 1> byte{};
  std::string client;
  std::string server;
  for (int turns = 0; turns < 100'000; ++turns) {
    (void)streams.client->read(byte);
    (void)streams.server->read(byte);
    if (!version_of(*streams.client, client).empty() &&
        !version_of(*streams.server, server).empty())
      return client == "TLSv1.3";
  }
  return false;
}

void BM_TlsHandshake(benchmark::State& state) {
  const TlsPair tls = make_tls_pair();
  for (auto _ : state) {
    StreamPair streams = make_streams(tls);
    if (!shake_hands(streams)) return state.SkipWithError("no TLS 1.3 handshake");
  }
}
BENCHMARK(BM_TlsHandshake)->Unit(benchmark::kMicrosecond);

void BM_TlsBytesAcross(benchmark::State& state) {
  StreamPair streams = make_streams(make_tls_pair());
  if (!shake_hands(streams)) return state.SkipWithError("no TLS 1.3 handshake");
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<std::uint8_t> data(size, 7);
  std::array<std::uint8_t, 16'384> buffer{};
  for (auto _ : state) {
    std::size_t sent = 0;
    std::size_t received = 0;
    while (received < size) {
      if (sent < size) {
        const iovec part{data.data() + sent, size - sent};
        sent += streams.server->write(std::span(&part, 1)).value_or(0);
      }
      received += streams.client->read(buffer).value_or(0);
    }
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_TlsBytesAcross)->Arg(100)->Arg(2'000)->Arg(20'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace rp

BENCHMARK_MAIN();
