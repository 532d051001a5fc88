#include "engine/transport/stream_handover.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace rp {

namespace {

constexpr std::array<std::uint8_t, 4> kMagic = {'R', 'P', 'H', '1'};
constexpr std::size_t kHeadBytes = 12;
constexpr std::size_t kMaxDescriptors = 4;  // of a message that is refused

using Head = std::array<std::uint8_t, kHeadBytes>;

Head head_of(const HandedStream& stream) {
  Head head{};
  std::ranges::copy(kMagic, head.begin());
  head[4] = static_cast<std::uint8_t>(stream.kind);
  for (std::size_t i = 0; i < 4; ++i) {
    head.at(8 + i) = static_cast<std::uint8_t>(stream.unread.size() >> (8 * i));
  }
  return head;
}

// Takes over every descriptor of a message, wanted or not.
std::vector<UniqueFd> descriptors_of(msghdr& message) {
  std::vector<UniqueFd> fds;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      fds.emplace_back(fd);
    }
  }
  return fds;
}

Status check_socket(const UniqueFd& fd) {
  int type = 0;
  socklen_t length = sizeof type;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_STREAM) {
    return fail(ErrorCode::kInvalid, "a handed stream's descriptor is no stream socket");
  }
  return {};
}

}  // namespace

Status send_stream(int seqpacket_socket, HandedStream& stream) {
  if (stream.unread.size() > kMaxHandedBytes) {
    return fail(ErrorCode::kExhausted, "a stream with too much unread");
  }
  Head head = head_of(stream);
  std::array<iovec, 2> parts = {iovec{head.data(), head.size()},
                                iovec{stream.unread.data(), stream.unread.size()}};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = stream.socket.get();
  std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  while (::sendmsg(seqpacket_socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno != EINTR) return fail_errno("hand a stream over");
  }
  stream.socket.reset();
  return {};
}

Result<HandedStream> receive_stream(int seqpacket_socket) {
  Head head{};
  HandedStream stream;
  stream.unread.resize(kMaxHandedBytes);
  std::array<iovec, 2> parts = {iovec{head.data(), head.size()},
                                iovec{stream.unread.data(), stream.unread.size()}};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxDescriptors * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(seqpacket_socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno("take a stream over");
  std::vector<UniqueFd> fds = descriptors_of(message);
  if (got == 0 && fds.empty()) return fail(ErrorCode::kClosed, "nobody hands streams over");
  const auto bytes = static_cast<std::size_t>(got);
  std::size_t unread = 0;
  for (std::size_t i = 0; i < 4; ++i) unread |= std::size_t{head.at(8 + i)} << (8 * i);
  const bool whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 && bytes >= kHeadBytes &&
                     std::equal(kMagic.begin(), kMagic.end(), head.begin()) && head[4] <= 1 &&
                     unread == bytes - kHeadBytes && fds.size() == 1;
  if (!whole) return fail(ErrorCode::kInvalid, "a message that hands no stream over");
  RP_TRY(check_socket(fds[0]));
  stream.kind = static_cast<HandedStream::Kind>(head[4]);
  stream.socket = std::move(fds[0]);
  stream.unread.resize(unread);
  return stream;
}

}  // namespace rp
