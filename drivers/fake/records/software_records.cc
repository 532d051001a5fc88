#include "drivers/fake/records/software_records.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "drivers/fake/records/protection.h"

namespace rp {

namespace {

constexpr std::size_t kMaxPlainBytes = 16'384;
constexpr std::size_t kMaxBodyBytes = kMaxPlainBytes + 256;
constexpr std::size_t kMaxParts = 16;

Error broken(int error, const char* what) {
  Error failure = fail_errno(error, what).error();
  if (failure.code != ErrorCode::kWouldBlock) failure.code = ErrorCode::kUnavailable;
  return failure;
}

}  // namespace

// A record that is written in part is finished before anything else, and only then counts as sent.
struct SoftwareRecords::Outward {
  RecordProtection protection;
  std::vector<std::uint8_t> record = {};
  std::size_t written = 0;
  RecordType type = RecordType::kApplicationData;
  std::size_t plain_bytes = 0;  // of `record`; of data whose record has gone, but not been told
};

struct SoftwareRecords::Inward {
  RecordProtection protection;
  std::vector<std::uint8_t> record = {};
  RecordType type = RecordType::kApplicationData;
  std::vector<std::uint8_t> plain = {};
  std::size_t taken = 0;
};

SoftwareRecords::SoftwareRecords(SoftwareRecordsOptions options) : options_(options) {}
SoftwareRecords::~SoftwareRecords() = default;

Result<RecordCarrier> SoftwareRecords::take(int fd, RecordDirection direction,
                                            const RecordKeys& keys) {
  const bool sends = direction == RecordDirection::kSend;
  if (!(sends ? options_.sends : options_.receives)) {
    return fail(ErrorCode::kUnsupported, "this direction is not taken");
  }
  if (keys.cipher == RecordCipher::kChaCha20Poly1305 && !options_.chacha20) {
    return fail(ErrorCode::kUnsupported, "this cipher is not taken");
  }
  const std::scoped_lock lock(mutex_);
  const bool again = sends ? outward_.contains(fd) : inward_.contains(fd);
  if (again && !options_.changes_keys) {
    return fail(ErrorCode::kUnsupported, "keys are not changed");
  }
  if (sends) {
    outward_[fd] = std::make_unique<Outward>(RecordProtection(keys));
  } else {
    inward_[fd] = std::make_unique<Inward>(RecordProtection(keys));
  }
  return RecordCarrier::kKernel;
}

void SoftwareRecords::forget(int fd) {
  const std::scoped_lock lock(mutex_);
  outward_.erase(fd);
  inward_.erase(fd);
}

// Writes what is left of the record. What it carried, when it was of `type`; 0 when of another.
Result<std::size_t> SoftwareRecords::finish_record(int fd, Outward& out, RecordType type) {
  while (out.written < out.record.size()) {
    const ssize_t put = ::send(fd, &out.record[out.written], out.record.size() - out.written,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0) return forward(broken(errno, "write to the peer"));
    out.written += static_cast<std::size_t>(put);
  }
  out.record.clear();
  out.written = 0;
  return out.type == type ? std::exchange(out.plain_bytes, 0) : 0;
}

Result<std::size_t> SoftwareRecords::send(int fd, RecordType type, std::span<const iovec> parts) {
  Outward* out = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = outward_.find(fd);
    RP_CHECK(found != outward_.end());
    out = found->second.get();
  }
  RP_ASSIGN(const std::size_t finished, finish_record(fd, *out, type));
  if (finished > 0) return finished;
  std::vector<std::uint8_t> plain;
  for (const iovec& part : parts.first(std::min(parts.size(), kMaxParts))) {
    const auto* bytes = static_cast<const std::uint8_t*>(part.iov_base);
    plain.insert(plain.end(), bytes, bytes + std::min(part.iov_len, kMaxPlainBytes - plain.size()));
  }
  const std::size_t owed = out->plain_bytes;  // of data, when this is an alert in between
  const RecordType owed_type = out->type;
  RP_TRY(out->protection.seal(type, plain, out->record));
  out->type = type;
  out->plain_bytes = plain.size();
  const auto sent = finish_record(fd, *out, type);
  if (sent && owed > 0) {
    out->type = owed_type;
    out->plain_bytes = owed;
  }
  return sent;
}

Result<ReceivedPiece> SoftwareRecords::receive(int fd, std::span<std::uint8_t> buffer) {
  Inward* in = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = inward_.find(fd);
    RP_CHECK(found != inward_.end());
    in = found->second.get();
  }
  while (in->taken == in->plain.size()) {
    std::size_t wanted = kRecordHeaderBytes;
    if (in->record.size() >= kRecordHeaderBytes) {
      wanted += std::size_t{in->record[3]} << 8 | in->record[4];
      if (wanted > kRecordHeaderBytes + kMaxBodyBytes) {
        return fail(ErrorCode::kInvalid, "a TLS record that is too large");
      }
    }
    if (in->record.size() == wanted && wanted > kRecordHeaderBytes) {
      RP_ASSIGN(RecordProtection::Opened opened, in->protection.open(in->record));
      in->record.clear();
      in->type = opened.type;
      in->plain = std::move(opened.plain);
      in->taken = 0;
      if (in->plain.empty()) return ReceivedPiece{in->type, 0};
      break;
    }
    if (in->record.size() == wanted) return fail(ErrorCode::kInvalid, "an empty TLS record");
    std::vector<std::uint8_t> more(wanted - in->record.size());
    const ssize_t got = ::recv(fd, more.data(), more.size(), MSG_DONTWAIT);
    if (got < 0) return forward(broken(errno, "read from the peer"));
    if (got == 0) return fail(ErrorCode::kUnavailable, "the peer went away without closing TLS");
    in->record.insert(in->record.end(), more.begin(), more.begin() + got);
  }
  const std::size_t taken = std::min(buffer.size(), in->plain.size() - in->taken);
  std::copy_n(in->plain.begin() + static_cast<long>(in->taken), taken, buffer.begin());
  in->taken += taken;
  return ReceivedPiece{in->type, taken};
}

}  // namespace rp
