// SoftwareRecords: a RecordOffload that protects records in this process with OpenSSL's ciphers,
// one record a call and without haste: what the kernel does, where a test's kernel cannot. It can
// be told to refuse as kernels do. Never used by the product. Thread rule: as RecordOffload. A
// descriptor is known by its number: forget() it once closed.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "engine/transport/record_offload.h"

namespace rp {

struct SoftwareRecordsOptions {
  bool sends = true;
  bool receives = true;
  bool changes_keys = false;  // kernels before 6.14 do not
  bool chacha20 = true;       // a module some kernels lack
};

class SoftwareRecords final : public RecordOffload {
 public:
  explicit SoftwareRecords(SoftwareRecordsOptions options = {});
  ~SoftwareRecords() override;

  [[nodiscard]] Result<RecordCarrier> take(int fd, RecordDirection direction,
                                           const RecordKeys& keys) override;
  [[nodiscard]] bool changes_keys() const override { return options_.changes_keys; }
  [[nodiscard]] Result<std::size_t> send(int fd, RecordType type,
                                         std::span<const iovec> parts) override;
  [[nodiscard]] Result<ReceivedPiece> receive(int fd, std::span<std::uint8_t> buffer) override;
  void forget(int fd);

 private:
  struct Outward;
  struct Inward;
  [[nodiscard]] Result<std::size_t> finish_record(int fd, Outward& out, RecordType type);

  const SoftwareRecordsOptions options_;
  std::mutex mutex_;  // of the maps; what they hold belongs to the connection's thread
  std::map<int, std::unique_ptr<Outward>> outward_;
  std::map<int, std::unique_ptr<Inward>> inward_;
};

}  // namespace rp
