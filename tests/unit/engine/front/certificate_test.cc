// Goal: a certificate is made once and kept; half a pair is an error, never replaced. Method: a
// temporary folder and TlsContext as the reader.
#include "engine/front/certificate.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "engine/transport/tls_context.h"

namespace rp {
namespace {

class CertificateTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(dir_); }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string dir_ =
      std::filesystem::temp_directory_path() / ("rp_certificate_" + std::to_string(::getpid()));
};

TEST_F(CertificateTest, MadeOnceAndKept) {
  const auto first = ensure_certificate(dir_, {"localhost", "127.0.0.1"});
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(first->fingerprint.size(), 32U * 3 - 1);
  struct stat info {};
  ASSERT_EQ(::stat(first->key_file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_TRUE(TlsContext::create_server({first->certificate_file, first->key_file}));
  const auto second = ensure_certificate(dir_, {"other"});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->fingerprint, first->fingerprint);
}

TEST_F(CertificateTest, HalfAPairIsAnError) {
  const auto made = ensure_certificate(dir_, {"localhost"});
  ASSERT_TRUE(made);
  std::filesystem::remove(made->certificate_file);
  const auto again = ensure_certificate(dir_, {"localhost"});
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message().find("cert.pem is not"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(made->key_file));
  std::ofstream(made->certificate_file) << "junk";
  EXPECT_EQ(ensure_certificate(dir_, {"localhost"}).error().code, ErrorCode::kInvalid);
}

TEST_F(CertificateTest, MissingFolder) {
  EXPECT_EQ(ensure_certificate(dir_ + "/none", {"localhost"}).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace rp
