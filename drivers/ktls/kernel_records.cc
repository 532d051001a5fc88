#include "drivers/ktls/kernel_records.h"

#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "drivers/ktls/crypto_info.h"
#include "engine/base/socket_stream.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

namespace rp {

namespace {

constexpr std::size_t kMaxParts = 16;
constexpr std::array kVersions = {RecordVersion::kTls12, RecordVersion::kTls13};
constexpr std::array kCiphers = {RecordCipher::kAes128Gcm, RecordCipher::kAes256Gcm,
                                 RecordCipher::kChaCha20Poly1305};

const char* name_of(RecordCipher cipher) {
  switch (cipher) {
    case RecordCipher::kAes128Gcm:
      return "AES-128-GCM";
    case RecordCipher::kAes256Gcm:
      return "AES-256-GCM";
    case RecordCipher::kChaCha20Poly1305:
      return "ChaCha20-Poly1305";
  }
  return "";
}

// Lets TLS in between a TCP socket and its user; harmless until a direction's keys are set.
Status add_tls(int fd) {
  constexpr char kName[] = "tls";
  if (::setsockopt(fd, IPPROTO_TCP, TCP_ULP, kName, sizeof kName) == 0 || errno == EEXIST)
    return {};
  if (errno == ENOENT || errno == ENOPROTOOPT) {
    return fail(ErrorCode::kUnsupported, "this kernel has no TLS (CONFIG_TLS; modprobe tls)");
  }
  return fail_errno("let the kernel do a connection's TLS");
}

Status set_keys(int fd, RecordDirection direction, const RecordKeys& keys) {
  const CryptoInfo info(keys);
  const bool sends = direction == RecordDirection::kSend;
  const auto bytes = info.bytes();
  if (::setsockopt(fd, SOL_TLS, sends ? TLS_TX : TLS_RX, bytes.data(),
                   static_cast<socklen_t>(bytes.size())) == 0) {
    return {};
  }
  const std::string what =
      std::string("let the kernel ") + (sends ? "send" : "receive") + " " + name_of(keys.cipher);
  // No such algorithm, no such version, no second set of keys.
  if (errno == ENOENT || errno == EINVAL || errno == EBUSY || errno == EOPNOTSUPP) {
    Error error = fail_errno(what).error();
    error.code = ErrorCode::kUnsupported;
    return forward(std::move(error));
  }
  return fail_errno(what);
}

struct Connection {
  UniqueFd near;
  UniqueFd far;
};

// TLS goes only onto a connected socket.
Result<Connection> connect_to_ourselves() {
  RP_ASSIGN(const UniqueFd listener, listen_tcp({"127.0.0.1", 0}));
  RP_ASSIGN(const std::uint16_t port, local_port(listener.get()));
  RP_ASSIGN(UniqueFd near, connect_tcp({"127.0.0.1", port}));
  pollfd waiting{listener.get(), POLLIN, 0};
  if (::poll(&waiting, 1, 1'000) != 1) return fail(ErrorCode::kTimeout, "connect to ourselves");
  RP_ASSIGN(UniqueFd far, accept_socket(listener.get()));
  return Connection{std::move(near), std::move(far)};
}

}  // namespace

std::uint64_t kernel_tls_counter(const std::string& statistics_file, std::string_view name) {
  std::ifstream file(statistics_file);
  std::string key;
  std::uint64_t value = 0;
  while (file >> key >> value) {
    if (key == name) return value;
  }
  return 0;
}

Result<std::unique_ptr<KernelRecords>> KernelRecords::create(KernelRecordsOptions options) {
  std::unique_ptr<KernelRecords> records(new KernelRecords(std::move(options)));
  RP_TRY(records->probe());
  return records;
}

Status KernelRecords::probe() {
  Status last = fail(ErrorCode::kUnsupported, "this kernel does no TLS");
  bool any = false;
  for (const RecordVersion version : kVersions) {
    for (const RecordCipher cipher : kCiphers) {
      RP_ASSIGN(const Connection connection, connect_to_ourselves());
      RP_TRY(add_tls(connection.near.get()));
      RecordKeys keys;
      keys.version = version;
      keys.cipher = cipher;
      Status taken = set_keys(connection.near.get(), RecordDirection::kSend, keys);
      if (taken) taken = set_keys(connection.near.get(), RecordDirection::kReceive, keys);
      takes_.at(static_cast<std::size_t>(version)).at(static_cast<std::size_t>(cipher)) =
          taken.has_value();
      any = any || taken;
      if (taken && version == RecordVersion::kTls13) {
        changes_keys_ = set_keys(connection.near.get(), RecordDirection::kSend, keys).has_value();
      }
      if (!taken) last = std::move(taken);
    }
  }
  return any ? Status{} : last;
}

std::string KernelRecords::ciphers() const {
  std::string text;
  for (const RecordCipher cipher : kCiphers) {
    if (!takes(RecordVersion::kTls13, cipher)) continue;
    text += (text.empty() ? "" : ", ") + std::string(name_of(cipher));
  }
  return text;
}

Result<RecordCarrier> KernelRecords::take(int fd, RecordDirection direction,
                                          const RecordKeys& keys) {
  if (!takes(keys.version, keys.cipher)) {
    return fail(ErrorCode::kUnsupported,
                std::string("this kernel's TLS has no ") + name_of(keys.cipher));
  }
  constexpr std::string_view kByCard = "TlsTxDevice";
  const std::uint64_t before = kernel_tls_counter(options_.statistics_file, kByCard);
  RP_TRY(add_tls(fd));
  RP_TRY(set_keys(fd, direction, keys));
  // Only this count tells whether a card took it. A connection of another process that begins in
  // the same instant could be taken for ours; the answer is for people to look at.
  return kernel_tls_counter(options_.statistics_file, kByCard) > before
             ? RecordCarrier::kNetworkCard
             : RecordCarrier::kKernel;
}

Result<std::size_t> KernelRecords::send(int fd, RecordType type, std::span<const iovec> parts) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = std::min(parts.size(), kMaxParts);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(RecordType))> control{};
  if (type != RecordType::kApplicationData) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* mark = CMSG_FIRSTHDR(&message);
    mark->cmsg_level = SOL_TLS;
    mark->cmsg_type = TLS_SET_RECORD_TYPE;
    mark->cmsg_len = CMSG_LEN(sizeof type);
    std::memcpy(CMSG_DATA(mark), &type, sizeof type);
  }
  for (;;) {
    const ssize_t put = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put >= 0) return static_cast<std::size_t>(put);
    if (errno != EINTR) return fail_connection(errno, "write to the peer");
  }
}

Result<ReceivedPiece> KernelRecords::receive(int fd, std::span<std::uint8_t> buffer) {
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(RecordType))> control{};
  msghdr message{};
  ssize_t got = 0;
  do {
    message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    got = ::recvmsg(fd, &message, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    // A record that does not open, is too large, or of another version.
    if (errno == EBADMSG || errno == EMSGSIZE || errno == EINVAL) {
      // The error stays on the socket, where it would refuse the alert too: take it off.
      int error = 0;
      socklen_t length = sizeof error;
      (void)::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
      return fail(ErrorCode::kInvalid, "TLS: a record that is not the peer's");
    }
    return fail_connection(errno, "read from the peer");
  }
  const cmsghdr* mark = CMSG_FIRSTHDR(&message);
  if (mark == nullptr || mark->cmsg_level != SOL_TLS || mark->cmsg_type != TLS_GET_RECORD_TYPE) {
    return fail(ErrorCode::kUnavailable, "the peer went away without closing TLS");
  }
  ReceivedPiece piece;
  std::memcpy(&piece.type, CMSG_DATA(mark), sizeof piece.type);
  piece.bytes = static_cast<std::size_t>(got);
  return piece;
}

}  // namespace rp
