#include "engine/front/certificate.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "engine/base/unique_fd.h"
#include "engine/transport/self_signed.h"

namespace rp {

namespace {

struct BioFree {
  void operator()(BIO* bio) const { ::BIO_free(bio); }
};
struct X509Free {
  void operator()(X509* certificate) const { ::X509_free(certificate); }
};

// Whole or not at all, under its name only once it is on disk.
Status write_file(const std::string& path, std::string_view text, mode_t mode) {
  const std::string temporary = path + ".new";
  const UniqueFd fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return fail_errno("create " + temporary);
  const ssize_t put = ::write(fd.get(), text.data(), text.size());
  if (put < 0) return fail_errno("write " + temporary);
  if (put != static_cast<ssize_t>(text.size())) return fail_errno(ENOSPC, "write " + temporary);
  if (::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0 ||
      ::rename(temporary.c_str(), path.c_str()) != 0) {
    return fail_errno("write " + path);
  }
  return {};
}

Result<std::string> fingerprint_of(const std::string& path) {
  const std::unique_ptr<BIO, BioFree> file(::BIO_new_file(path.c_str(), "r"));
  const std::unique_ptr<X509, X509Free> certificate(
      file ? ::PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (certificate == nullptr ||
      ::X509_digest(certificate.get(), ::EVP_sha256(), digest.data(), &size) != 1) {
    return fail(ErrorCode::kInvalid, path + " holds no certificate in PEM");
  }
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{}{:02X}", i == 0 ? "" : ":", digest[i]);
  return text;
}

}  // namespace

Result<CertificateFiles> ensure_certificate(const std::string& directory,
                                            const std::vector<std::string>& names) {
  CertificateFiles files{directory + "/cert.pem", directory + "/key.pem", {}};
  const bool have_certificate = ::access(files.certificate_file.c_str(), F_OK) == 0;
  const bool have_key = ::access(files.key_file.c_str(), F_OK) == 0;
  if (have_certificate != have_key) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} is there but {} is not: put it back, or remove both for a new pair",
                            have_key ? files.key_file : files.certificate_file,
                            have_key ? files.certificate_file : files.key_file));
  }
  if (!have_certificate) {
    RP_ASSIGN(const auto made, make_self_signed(names));
    RP_TRY(write_file(files.key_file, made.key_pem, 0600));
    if (auto written = write_file(files.certificate_file, made.certificate_pem, 0644); !written) {
      ::unlink(files.key_file.c_str());
      return forward(written.error());
    }
  }
  RP_ASSIGN(files.fingerprint, fingerprint_of(files.certificate_file));
  return files;
}

}  // namespace rp
