// Passing a connection to another process: the socket as a descriptor (SCM_RIGHTS, unix(7)) with
// what was read from it and not used, in one message of a SOCK_SEQPACKET unix socket. No secret is
// in the message: a TLS stream's keys stay with its socket in the kernel.
//
//   0        4      5        8             12
//   [ "RPH1" | kind | 0 0 0 | unread bytes | unread … ]   little endian, one descriptor beside it
//
// Thread rule: any thread, one at a time for a socket.
#pragma once

#include "engine/base/byte_stream.h"

namespace rp {

inline constexpr std::size_t kMaxHandedBytes = 64 * 1024;

// Closes our descriptor of the stream once the message is with the kernel. kWouldBlock, the stream
// still ours: the other process does not read; kExhausted: more than kMaxHandedBytes are unread.
[[nodiscard]] Status send_stream(int seqpacket_socket, HandedStream& stream);
// kClosed: the other process has closed (or sent an empty message, which the kernel does not tell
// from it). kInvalid: no such message, or not exactly one descriptor, or it is no stream socket;
// every descriptor that came is closed.
[[nodiscard]] Result<HandedStream> receive_stream(int seqpacket_socket);

}  // namespace rp
