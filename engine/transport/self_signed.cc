#include "engine/transport/self_signed.h"

#include <arpa/inet.h>

#include <array>
#include <memory>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "engine/transport/tls_context.h"

namespace rp {

namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

constexpr long kValid_s = 10L * 365 * 24 * 3600;
// Clocks of clients may run behind ours.
constexpr long kBackdated_s = 24 * 3600;

std::string alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    std::array<std::uint8_t, 16> address;
    const bool ip = ::inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
                    ::inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
    text += (text.empty() ? "" : ",") + std::string(ip ? "IP:" : "DNS:") + name;
  }
  return text;
}

bool add_extension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::vector<std::string>& names) {
  std::uint64_t serial = 0;
  X509_NAME* subject = X509_get_subject_name(certificate);
  const auto* common = reinterpret_cast<const unsigned char*>(names.front().c_str());
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -kBackdated_s) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), kValid_s) != nullptr &&
         X509_set_pubkey(certificate, key) == 1 &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, common, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 &&
         add_extension(certificate, NID_subject_alt_name, alternative_names(names).c_str()) &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(bytes)};
}

}  // namespace

Result<SelfSignedCertificate> make_self_signed(const std::vector<std::string>& names) {
  if (names.empty() || names.front().size() > 64) {
    return fail(ErrorCode::kInvalid, "certificate name must be 1 to 64 bytes");
  }
  const PrivateKey key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const Certificate certificate(X509_new(), &X509_free);
  if (!key || !certificate || !fill(certificate.get(), key.get(), names)) {
    return fail(ErrorCode::kInternal, "make a certificate: " + take_tls_error());
  }
  const Bio certificate_out(BIO_new(BIO_s_mem()), &BIO_free_all);
  const Bio key_out(BIO_new(BIO_s_mem()), &BIO_free_all);
  if (PEM_write_bio_X509(certificate_out.get(), certificate.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1) {
    return fail(ErrorCode::kInternal, "write a certificate: " + take_tls_error());
  }
  return SelfSignedCertificate{text_of(certificate_out.get()), text_of(key_out.get())};
}

}  // namespace rp
