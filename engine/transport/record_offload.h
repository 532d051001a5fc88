// RecordOffload: someone else than OpenSSL who protects a connection's TLS records: the kernel
// (drivers/ktls), or code that does the kernel's work in the process, for tests
// (drivers/fake/records). The seam between engine/ and that device; docs/adr/0011 says why it lies
// here. After the hand-over of a direction the socket takes, or gives, plain bytes, each piece with
// the type of the record it is in:
//
//   before   TlsStream ─ plain ─► OpenSSL ─ records ─► socket
//   after    TlsStream ─ plain ─────────────────────► socket [ keys, sequence ] ─► records
//
// Thread rule: functions from any thread; one connection is served by one thread at a time.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/result.h"

namespace rp {

enum class RecordCipher : std::uint8_t { kAes128Gcm, kAes256Gcm, kChaCha20Poly1305 };
enum class RecordVersion : std::uint8_t { kTls12, kTls13 };
enum class RecordDirection : std::uint8_t { kSend, kReceive };

// ContentType (RFC 8446, section 5.1).
enum class RecordType : std::uint8_t {
  kChangeCipherSpec = 20,
  kAlert = 21,
  kHandshake = 22,
  kApplicationData = 23,
};

// Who does it now.
enum class RecordCarrier : std::uint8_t { kProcess, kKernel, kNetworkCard };

// All that is needed to go on with one direction at a record's border. Wiped when it dies.
//
//   iv, TLS 1.3 and ChaCha20:  [ write_iv 12 ] XOR sequence     (RFC 8446 section 5.3, RFC 7905)
//   iv, TLS 1.2 AES-GCM:       [ salt 4 | explicit nonce 8 ]    (RFC 5288 section 3)
struct RecordKeys {
  RecordVersion version = RecordVersion::kTls13;
  RecordCipher cipher = RecordCipher::kAes128Gcm;
  std::array<std::uint8_t, 32> key{};  // the first key_bytes() of it
  std::array<std::uint8_t, 12> iv{};
  std::uint64_t sequence = 0;  // of the next record

  RecordKeys() = default;
  RecordKeys(const RecordKeys&) = default;
  RecordKeys& operator=(const RecordKeys&) = default;
  ~RecordKeys();
  [[nodiscard]] std::size_t key_bytes() const {
    return cipher == RecordCipher::kAes128Gcm ? 16 : 32;
  }
};

struct ReceivedPiece {
  RecordType type = RecordType::kApplicationData;
  std::size_t bytes = 0;  // may be 0: an empty record
};

class RecordOffload {
 public:
  virtual ~RecordOffload() = default;

  // Takes a direction of the connected TCP socket `fd`; all bytes of records before keys.sequence
  // have been written to it, or read from it, and nothing of a later one. For a direction that is
  // taken already: changes its keys. On an error nothing has changed. kUnsupported when this cannot
  // be done here (cipher, version, kernel), with the reason.
  [[nodiscard]] virtual Result<RecordCarrier> take(int fd, RecordDirection direction,
                                                   const RecordKeys& keys) = 0;
  // Whether take() changes the keys of a direction it has taken (TLS 1.3's KeyUpdate).
  [[nodiscard]] virtual bool changes_keys() const = 0;

  // Sends 1 or more bytes from the front of `parts` (at most 16 are looked at) in records of
  // `type`; the last record is not kept open. After kWouldBlock the same bytes are to be offered
  // again.
  [[nodiscard]] virtual Result<std::size_t> send(int fd, RecordType type,
                                                 std::span<const iovec> parts) = 0;
  // The next bytes, all of records of one type. kUnavailable at the end of the TCP stream, which is
  // never in order: that takes a close_notify. kInvalid: a record that is not the peer's, or not
  // whole.
  [[nodiscard]] virtual Result<ReceivedPiece> receive(int fd, std::span<std::uint8_t> buffer) = 0;
};

}  // namespace rp
