// Goal: what drivers/ktls says of the kernel is so, and a connection the kernel refuses loses
// nothing. Method: the lab's kernel, its own counters, and sockets it cannot serve.
#include "tests/lab/ktls/kernel.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <functional>

#include <gtest/gtest.h>

#include "engine/transport/tls_stream.h"
#include "tests/support/openssl_peer.h"
#include "tests/support/stream_end.h"
#include "tests/support/stream_pair.h"

namespace rp {
namespace {

std::uint64_t counter(const char* name) { return kernel_tls_counter("/proc/net/tls_stat", name); }

TEST(KernelRecords, SaysWhatTheKernelTakes) {
  const auto kernel = lab_kernel();
  std::printf("kernel TLS: %s; %s keys\n", kernel->ciphers().c_str(),
              kernel->changes_keys() ? "changes" : "cannot change");
  for (const RecordVersion version : {RecordVersion::kTls12, RecordVersion::kTls13}) {
    EXPECT_TRUE(kernel->takes(version, RecordCipher::kAes128Gcm));
    EXPECT_TRUE(kernel->takes(version, RecordCipher::kAes256Gcm));
  }
  EXPECT_NE(kernel->ciphers().find("AES-128-GCM"), std::string::npos);
}

TEST(KernelRecords, TheKernelCountsEachDirection) {
  const std::uint64_t sending = counter("TlsTxSw");
  const std::uint64_t receiving = counter("TlsRxSw");
  const TlsPair tls = make_tls_pair(false, lab_kernel().get());
  const StreamPair offloaded = make_offloaded_streams(tls);
  EXPECT_EQ(counter("TlsTxSw"), sending + 1);
  EXPECT_EQ(counter("TlsRxSw"), receiving);
  EXPECT_EQ(tls.server->counters().by_kernel.value(), 1U);
  EXPECT_EQ(tls.server->counters().by_card.value(), 0U) << "there is no card in the lab";
  const StreamPair handed = make_handed_streams(tls);
  EXPECT_EQ(counter("TlsTxSw"), sending + 2);
  EXPECT_EQ(counter("TlsRxSw"), receiving + 1);
  std::printf("TlsTxSw %llu TlsRxSw %llu\n", static_cast<unsigned long long>(counter("TlsTxSw")),
              static_cast<unsigned long long>(counter("TlsRxSw")));
}

TEST(KernelRecords, TakesItsKeysOnce) {
  if (lab_kernel()->changes_keys()) GTEST_SKIP() << "this kernel changes keys";
  const StreamPair streams = make_offloaded_streams(make_tls_pair(false, lab_kernel().get()));
  const auto again = lab_kernel()->take(streams.server->fd(), RecordDirection::kSend, RecordKeys());
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::kUnsupported) << again.error().message();
}

// docs/adr/0011: the kernel's TLS takes no MSG_ZEROCOPY.
TEST(KernelRecords, ZeroCopySendsAreRefused) {
  const StreamPair streams = make_offloaded_streams(make_tls_pair(false, lab_kernel().get()));
  const int on = 1;
  ASSERT_EQ(::setsockopt(streams.server->fd(), SOL_SOCKET, SO_ZEROCOPY, &on, sizeof on), 0);
  char byte = 'x';
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  EXPECT_EQ(::sendmsg(streams.server->fd(), &message, MSG_ZEROCOPY | MSG_NOSIGNAL), -1);
  EXPECT_EQ(errno, EOPNOTSUPP);
}

// A unix socket has no TLS of the kernel's: the stream goes on by OpenSSL, and is counted.
TEST(KernelRecords, ARefusedStreamStaysWithOpenSsl) {
  const SystemClock clock;
  const auto loop = std::move(*EventLoop::create(clock));
  const TlsPair tls = make_tls_pair(false, lab_kernel().get());
  auto sockets = std::move(*socket_pair());
  auto accepted = TlsStream::accept(tls.server, std::move(sockets.first));
  ASSERT_TRUE(accepted.has_value());
  TlsStream* stream = accepted->get();
  StreamEnd server(*loop, std::move(*accepted));
  OpenSslPeer peer(std::move(sockets.second), {});
  const auto until = [&](const std::function<bool()>& condition) {
    const TimePoint deadline = clock.now() + std::chrono::seconds(20);
    while (!condition() && clock.now() < deadline) {
      peer.pump();
      loop->run_once(Duration(500));
    }
    return condition();
  };
  server.send({1});
  ASSERT_TRUE(until([&] { return peer.got.size() == 1; }));
  stream->expect_bulk();
  EXPECT_EQ(stream->sent_by(), RecordCarrier::kProcess);
  const auto handed = stream->hand_over();
  ASSERT_FALSE(handed.has_value());
  server.send(std::vector<std::uint8_t>(200'000, 7));
  peer.send({2, 3});
  EXPECT_TRUE(until([&] { return peer.got.size() == 200'001 && server.got.size() == 2; }));
  EXPECT_EQ(tls.server->counters().by_process.value(), 1U);
  EXPECT_EQ(tls.server->counters().refused.value(), 1U);
}

}  // namespace
}  // namespace rp
