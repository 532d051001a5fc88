// RecordKeys as the kernel takes them: struct tls12_crypto_info_* of <linux/tls.h>, the same for
// TLS 1.2 and 1.3. Wiped when it dies. Thread rule: a plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/transport/record_offload.h"

namespace rp {

class CryptoInfo {
 public:
  explicit CryptoInfo(const RecordKeys& keys);
  CryptoInfo(const CryptoInfo&) = delete;
  CryptoInfo& operator=(const CryptoInfo&) = delete;
  ~CryptoInfo();
  // For setsockopt(TLS_TX or TLS_RX).
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {bytes_.data(), size_}; }

 private:
  template <typename Info>
  void fill(std::uint16_t cipher, const RecordKeys& keys);

  std::array<std::uint8_t, 56> bytes_{};  // the largest of the structs
  std::size_t size_ = 0;
};

}  // namespace rp
