// Goal: whatever another process sends instead of a stream, the receiver takes a whole stream or
// nothing, and keeps no descriptor it did not take. Method: the first byte chooses the descriptors
// beside the message, the second how often the rest is repeated; the message goes through a real
// socket. What was taken is sent and taken again, and must be the same.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "engine/base/unique_fd.h"
#include "engine/transport/stream_handover.h"

namespace {

using rp::UniqueFd;

struct Place {
  UniqueFd from, to;                // the socket that carries messages
  UniqueFd stream, datagram, file;  // what may come with one
  Place() {
    const auto pair = [](int type, UniqueFd& a, UniqueFd& b) {
      std::array<int, 2> fds{};
      RP_CHECK(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds.data()) == 0);
      a.reset(fds[0]);
      b.reset(fds[1]);
    };
    UniqueFd other;
    pair(SOCK_SEQPACKET, from, to);
    pair(SOCK_STREAM, stream, other);
    pair(SOCK_DGRAM, datagram, other);
    file.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
};

// The number the next descriptor gets: it grows when one is kept.
int next_descriptor() { return UniqueFd(::dup(0)).get(); }

void send_raw(const Place& place, std::uint8_t choice, std::vector<std::uint8_t>& bytes) {
  const std::array kinds = {place.stream.get(), place.datagram.get(), place.file.get(),
                            place.from.get()};
  const std::vector<int> fds(choice % 8U, kinds.at(choice / 8U % kinds.size()));
  iovec part{bytes.data(), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(8 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(rights), fds.data(), fds.size() * sizeof(int));
  }
  RP_CHECK(::sendmsg(place.from.get(), &message, MSG_DONTWAIT) ==
           static_cast<ssize_t>(bytes.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Place place;
  if (size < 2) return 0;
  std::vector<std::uint8_t> bytes;
  constexpr std::size_t kMost = rp::kMaxHandedBytes + 1000;  // longer than a message may be
  for (unsigned i = 0; i <= data[1] && bytes.size() < kMost; ++i) {
    bytes.insert(bytes.end(), data + 2, data + size);
  }
  if (bytes.size() > kMost) bytes.resize(kMost);
  const int before = next_descriptor();
  send_raw(place, data[0], bytes);
  {
    auto taken = rp::receive_stream(place.to.get());
    if (!taken) {
      RP_CHECK(next_descriptor() == before);
      const bool nothing = bytes.empty() && data[0] % 8 == 0;
      RP_CHECK(taken.error().code == (nothing ? rp::ErrorCode::kClosed : rp::ErrorCode::kInvalid));
      return 0;
    }
    const rp::HandedStream::Kind kind = taken->kind;
    const std::vector<std::uint8_t> unread = taken->unread;
    RP_CHECK(taken->socket && unread.size() + 12 == bytes.size());
    RP_CHECK(rp::send_stream(place.from.get(), *taken).has_value());
    const auto again = rp::receive_stream(place.to.get());
    RP_CHECK(again && again->kind == kind && again->unread == unread);
  }
  RP_CHECK(next_descriptor() == before);
  return 0;
}
