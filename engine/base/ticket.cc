#include "engine/base/ticket.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <nlohmann/json.hpp>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "engine/base/base64.h"
#include "engine/base/http/json.h"
#include "engine/base/unique_fd.h"

namespace rp {

namespace {

constexpr std::string_view kPrefix = "rpt1.";
constexpr std::size_t kSignatureBytes = 64;
constexpr std::size_t kMaxFieldBytes = 128;
constexpr std::size_t kMaxKeys = 16;
// A ticket that outlives this was not made by our controller's rules; it also bounds seen_.
constexpr std::int64_t kClockSkew_s = 30;

struct BioFree {
  void operator()(BIO* bio) const { ::BIO_free(bio); }
};
struct DigestFree {
  void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
};
using Bio = std::unique_ptr<BIO, BioFree>;
using Digest = std::unique_ptr<EVP_MD_CTX, DigestFree>;

const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

bool is_signed_by(EVP_PKEY* key, std::string_view payload, std::string_view signature) {
  const Digest digest(::EVP_MD_CTX_new());
  return digest != nullptr &&
         ::EVP_DigestVerifyInit(digest.get(), nullptr, nullptr, nullptr, key) == 1 &&
         ::EVP_DigestVerify(digest.get(), bytes_of(signature), signature.size(), bytes_of(payload),
                            payload.size()) == 1;
}

Result<Ticket> parse_payload(std::string_view payload) {
  JsonFields fields(payload);
  Ticket ticket;
  ticket.phone = fields.text("phone", 1, kMaxFieldBytes);
  ticket.user = fields.text("user", 1, kMaxFieldBytes);
  ticket.session = fields.text("session", 1, kMaxFieldBytes);
  ticket.role = fields.text("role", 1, kMaxFieldBytes);
  ticket.device = fields.text_or("device", "", 0, kMaxFieldBytes);
  ticket.expires_unix_s = fields.integer("exp", 0, INT64_MAX / 2);
  const std::string nonce = fields.text("nonce", 1, kMaxFieldBytes);
  // A newer controller may say more; what it adds is not ours to judge.
  if (auto status = fields.finish_status(); !status) {
    return fail(ErrorCode::kInvalid, "the ticket is malformed: " + status.error().message());
  }
  const auto raw_nonce = base64url_decode(nonce);
  if (!raw_nonce || raw_nonce->size() != kTicketNonceBytes) {
    return fail(ErrorCode::kInvalid, "the ticket is malformed: nonce must be 16 bytes");
  }
  ticket.nonce = *raw_nonce;
  return ticket;
}

}  // namespace

void EvpKeyFree::operator()(evp_pkey_st* key) const { ::EVP_PKEY_free(key); }

Result<TicketPublicKey> parse_ticket_public_key(std::string_view base64) {
  const auto raw = base64_decode(base64);
  TicketPublicKey key{};
  if (!raw || raw->size() != key.size()) {
    return fail(ErrorCode::kInvalid, "a ticket key must be the base64 of 32 bytes");
  }
  std::copy_n(bytes_of(*raw), key.size(), key.begin());
  return key;
}

std::string to_base64(const TicketPublicKey& key) {
  return base64_encode({reinterpret_cast<const char*>(key.data()), key.size()});
}

Result<TicketKey> TicketKey::generate() {
  EvpKey key(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (key == nullptr) return fail(ErrorCode::kInternal, "generate an Ed25519 key");
  return TicketKey(std::move(key));
}

Result<TicketKey> TicketKey::load(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return fail_errno("open the ticket key " + path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail_errno("look at the ticket key " + path);
  if ((info.st_mode & 077) != 0) {
    return fail(ErrorCode::kDenied, "the ticket key " + path + " must have mode 0600");
  }
  std::string pem(4096, '\0');
  const ssize_t got = ::read(fd.get(), pem.data(), pem.size());
  if (got < 0) return fail_errno("read the ticket key " + path);
  const Bio bio(::BIO_new_mem_buf(pem.data(), static_cast<int>(got)));
  EvpKey key(bio ? ::PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  if (key == nullptr || ::EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519) {
    return fail(ErrorCode::kInvalid, path + " holds no Ed25519 private key in PEM");
  }
  return TicketKey(std::move(key));
}

Status TicketKey::save(const std::string& path) const {
  const Bio bio(::BIO_new(::BIO_s_mem()));
  if (bio == nullptr || ::PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0,
                                                        nullptr, nullptr) != 1) {
    return fail(ErrorCode::kInternal, "write a key as PEM");
  }
  char* pem = nullptr;
  const auto size = static_cast<std::size_t>(::BIO_get_mem_data(bio.get(), &pem));
  // A crash between write and link leaves only the temporary; the key's name is never a half key.
  const std::string temporary = path + ".new";
  ::unlink(temporary.c_str());
  const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("create " + temporary);
  const ssize_t put = ::write(fd.get(), pem, size);
  Status status;
  if (put != static_cast<ssize_t>(size) || ::fsync(fd.get()) != 0) {
    status = fail_errno(put >= 0 && put != static_cast<ssize_t>(size) ? ENOSPC : errno,
                        "write the ticket key " + path);
  } else if (::link(temporary.c_str(), path.c_str()) != 0) {
    status = fail_errno("save the ticket key " + path);
  }
  ::unlink(temporary.c_str());
  return status;
}

TicketPublicKey TicketKey::public_key() const {
  TicketPublicKey key{};
  std::size_t size = key.size();
  RP_CHECK(::EVP_PKEY_get_raw_public_key(key_.get(), key.data(), &size) == 1 && size == key.size());
  return key;
}

Result<std::string> sign_ticket(const TicketKey& key, const Ticket& ticket) {
  const std::string payload = nlohmann::json{{"phone", ticket.phone},
                                             {"user", ticket.user},
                                             {"session", ticket.session},
                                             {"role", ticket.role},
                                             {"device", ticket.device},
                                             {"exp", ticket.expires_unix_s},
                                             {"nonce", base64url_encode(ticket.nonce)}}
                                  .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (auto checked = parse_payload(payload); !checked) return forward(checked.error());
  std::string signature(kSignatureBytes, '\0');
  std::size_t size = signature.size();
  const Digest digest(::EVP_MD_CTX_new());
  if (digest == nullptr ||
      ::EVP_DigestSignInit(digest.get(), nullptr, nullptr, nullptr, key.key_.get()) != 1 ||
      ::EVP_DigestSign(digest.get(), reinterpret_cast<std::uint8_t*>(signature.data()), &size,
                       bytes_of(payload), payload.size()) != 1) {
    return fail(ErrorCode::kInternal, "sign a ticket");
  }
  return std::string(kPrefix) + base64url_encode(payload) + "." + base64url_encode(signature);
}

TicketVerifier::TicketVerifier(const Clock& clock, std::size_t max_nonces)
    : clock_(clock), max_nonces_(max_nonces) {}

TicketVerifier::~TicketVerifier() = default;

Status TicketVerifier::set_keys(const std::vector<TicketPublicKey>& keys) {
  if (keys.size() > kMaxKeys) return fail(ErrorCode::kInvalid, "keys must be at most 16");
  std::vector<EvpKey> fresh;
  for (const TicketPublicKey& raw : keys) {
    EvpKey key(::EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()));
    if (key == nullptr) return fail(ErrorCode::kInvalid, "keys holds one that is not Ed25519");
    fresh.push_back(std::move(key));
  }
  keys_ = std::move(fresh);
  return {};
}

Result<Ticket> TicketVerifier::verify(std::string_view text) {
  if (text.size() > kMaxTicketBytes || !text.starts_with(kPrefix)) {
    return fail(ErrorCode::kInvalid, "this is not a ticket");
  }
  text.remove_prefix(kPrefix.size());
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return fail(ErrorCode::kInvalid, "this is not a ticket");
  RP_ASSIGN(const std::string payload, base64url_decode(text.substr(0, dot)));
  RP_ASSIGN(const std::string signature, base64url_decode(text.substr(dot + 1)));
  // The signature is looked at first: nothing of an unsigned payload is parsed.
  if (std::ranges::none_of(
          keys_, [&](const EvpKey& key) { return is_signed_by(key.get(), payload, signature); })) {
    return fail(ErrorCode::kDenied, "the ticket is signed by nobody known here");
  }
  RP_ASSIGN(Ticket ticket, parse_payload(payload));
  const std::int64_t now = clock_.unix_seconds();
  if (ticket.expires_unix_s <= now) return fail(ErrorCode::kDenied, "the ticket has expired");
  if (ticket.expires_unix_s > now + kTicketLifetime_s + kClockSkew_s) {
    return fail(ErrorCode::kDenied, "the ticket is valid for longer than tickets may be");
  }
  RP_TRY(remember(ticket, now));
  return ticket;
}

Status TicketVerifier::remember(const Ticket& ticket, std::int64_t now) {
  if (seen_.contains(ticket.nonce)) {
    return fail(ErrorCode::kDenied, "the ticket has been used before");
  }
  if (seen_.size() >= max_nonces_) {
    std::erase_if(seen_, [now](const auto& entry) { return entry.second <= now; });
  }
  if (seen_.size() >= max_nonces_) {
    return fail(ErrorCode::kExhausted, "too many tickets were used in the last minute");
  }
  seen_.emplace(ticket.nonce, ticket.expires_unix_s);
  return {};
}

}  // namespace rp
