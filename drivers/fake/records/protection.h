// One direction's records, made and opened with OpenSSL's AEADs (RFC 8446, section 5.2; RFC 5288
// and RFC 7905 for TLS 1.2). Part of SoftwareRecords. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/transport/record_offload.h"

namespace rp {

inline constexpr std::size_t kRecordHeaderBytes = 5;  // [ type 1 | version 2 | length 2 ]

class RecordProtection {
 public:
  explicit RecordProtection(const RecordKeys& keys) : keys_(keys) {}

  // A whole record around at most 16 KiB of `plain`, appended to `out`.
  [[nodiscard]] Status seal(RecordType type, std::span<const std::uint8_t> plain,
                            std::vector<std::uint8_t>& out);
  struct Opened {
    RecordType type = RecordType::kApplicationData;
    std::vector<std::uint8_t> plain;
  };
  // Of a whole record with its header. kInvalid: it is not the peer's next one.
  [[nodiscard]] Result<Opened> open(std::span<const std::uint8_t> record);

 private:
  [[nodiscard]] bool explicit_nonce() const;
  [[nodiscard]] std::array<std::uint8_t, 12> nonce() const;
  [[nodiscard]] std::vector<std::uint8_t> associated(RecordType type, std::size_t plain_bytes,
                                                     std::size_t body_bytes) const;

  RecordKeys keys_;
};

}  // namespace rp
