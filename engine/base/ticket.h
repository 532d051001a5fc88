// Ticket: the only thing that opens a stream. Signed by the controller, verified offline by engine
// and gateway; valid for a minute, once (docs/architecture.md).
//
//   rpt1.<base64url payload>.<base64url Ed25519 signature (RFC 8032) over the payload's bytes>
//
// The payload is JSON: {"phone","user","session","role","device","exp","nonce"}.
// Thread rule: TicketKey is immutable; a TicketVerifier belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace rp {

inline constexpr std::int64_t kTicketLifetime_s = 60;
inline constexpr std::size_t kTicketNonceBytes = 16;
inline constexpr std::size_t kMaxTicketBytes = 2048;

struct Ticket {
  std::string phone;
  std::string user;
  std::string session;  // the sign-in it was made under
  std::string role;     // "owner"
  std::string device;   // may be empty
  std::int64_t expires_unix_s = 0;
  std::string nonce;  // kTicketNonceBytes raw bytes
};

// A raw Ed25519 public key.
using TicketPublicKey = std::array<std::uint8_t, 32>;
// From and to the base64 of PUT /v1/ticket-keys.
[[nodiscard]] Result<TicketPublicKey> parse_ticket_public_key(std::string_view base64);
[[nodiscard]] std::string to_base64(const TicketPublicKey& key);

struct EvpKeyFree {
  void operator()(evp_pkey_st* key) const;
};
using EvpKey = std::unique_ptr<evp_pkey_st, EvpKeyFree>;

// The private half.
class TicketKey {
 public:
  [[nodiscard]] static Result<TicketKey> generate();
  // PEM (PKCS #8). kDenied when others than the owner may read the file.
  [[nodiscard]] static Result<TicketKey> load(const std::string& path);
  // Creates the file with mode 0600, whole or not at all; kExists rather than replacing a key.
  [[nodiscard]] Status save(const std::string& path) const;
  [[nodiscard]] TicketPublicKey public_key() const;

 private:
  friend Result<std::string> sign_ticket(const TicketKey& key, const Ticket& ticket);
  explicit TicketKey(EvpKey key) : key_(std::move(key)) {}
  EvpKey key_;
};

// kInvalid for a ticket verify() would refuse whatever the time.
[[nodiscard]] Result<std::string> sign_ticket(const TicketKey& key, const Ticket& ticket);

class TicketVerifier {
 public:
  // `clock` must outlive the verifier. `max_nonces` bounds what is remembered against replay.
  explicit TicketVerifier(const Clock& clock, std::size_t max_nonces = 65'536);
  ~TicketVerifier();

  // Replaces the keys; tickets of a key that is gone are refused from now on. kInvalid for more
  // than 16 keys or one that is no point of the curve; the former keys then stay.
  [[nodiscard]] Status set_keys(const std::vector<TicketPublicKey>& keys);
  [[nodiscard]] std::size_t key_count() const { return keys_.size(); }

  // Uses the ticket up. kInvalid: not a ticket; kDenied: signed by nobody known, expired, valid for
  // too long, or used before; kExhausted: too many tickets in the last minute.
  [[nodiscard]] Result<Ticket> verify(std::string_view text);

 private:
  [[nodiscard]] Status remember(const Ticket& ticket, std::int64_t now);

  const Clock& clock_;
  std::size_t max_nonces_;
  std::vector<EvpKey> keys_;
  std::unordered_map<std::string, std::int64_t> seen_;  // nonce → expiry
};

}  // namespace rp
