// KernelRecords: TLS records by the Linux kernel (Documentation/networking/tls.rst), or by the
// network card behind it where that does them. The kernel encrypts a frame's pages where they lie,
// into the packets; no second copy is made.
//
// What kernels can: TLS 1.2 and 1.3 with AES-GCM always, ChaCha20-Poly1305 since 5.11 with its
// module, new keys for a direction since 6.14. Each is tried once, in create(), on a connection to
// ourselves. sendmsg() there refuses MSG_ZEROCOPY, and TLS_TX_ZEROCOPY_RO concerns sendfile()
// alone: both are of no use here (docs/adr/0011-kernel-tls.md). Thread rule: create() before
// threads and before rights are given up; the rest as RecordOffload.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "engine/transport/record_offload.h"

namespace rp {

struct KernelRecordsOptions {
  // The kernel's counters, which tell whether a card took a connection.
  std::string statistics_file = "/proc/net/tls_stat";
};

class KernelRecords final : public RecordOffload {
 public:
  // kUnsupported, saying what is missing, when this kernel does no TLS. May load the kernel's
  // module, as root.
  [[nodiscard]] static Result<std::unique_ptr<KernelRecords>> create(
      KernelRecordsOptions options = {});

  [[nodiscard]] Result<RecordCarrier> take(int fd, RecordDirection direction,
                                           const RecordKeys& keys) override;
  [[nodiscard]] bool changes_keys() const override { return changes_keys_; }
  [[nodiscard]] Result<std::size_t> send(int fd, RecordType type,
                                         std::span<const iovec> parts) override;
  [[nodiscard]] Result<ReceivedPiece> receive(int fd, std::span<std::uint8_t> buffer) override;

  [[nodiscard]] bool takes(RecordVersion version, RecordCipher cipher) const {
    return takes_.at(static_cast<std::size_t>(version)).at(static_cast<std::size_t>(cipher));
  }
  // "AES-128-GCM, AES-256-GCM": for people.
  [[nodiscard]] std::string ciphers() const;

 private:
  explicit KernelRecords(KernelRecordsOptions options) : options_(std::move(options)) {}
  [[nodiscard]] Status probe();

  KernelRecordsOptions options_;
  std::array<std::array<bool, 3>, 2> takes_{};  // by version and cipher
  bool changes_keys_ = false;
};

// A counter of /proc/net/tls_stat ("TlsTxSw"), of this network namespace; 0 when it is not there.
[[nodiscard]] std::uint64_t kernel_tls_counter(const std::string& statistics_file,
                                               std::string_view name);

}  // namespace rp
