// rackphone-test-keys: what an engine without a controller needs to be talked to.
//   keys   --directory DIR                 cert.pem and key.pem for loopback, ticket.pem,
//   ticket.pub (base64) ticket --directory DIR --phone ID      prints a ticket for the phone, valid
//   for 60 s
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/base/ticket.h"
#include "engine/transport/self_signed.h"

namespace rp {
namespace {

Status write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) return fail_errno("write " + path);
  return {};
}

Status make_keys(const std::string& directory) {
  RP_ASSIGN(const auto certificate, make_self_signed({"localhost", "127.0.0.1", "::1"}));
  RP_TRY(write_file(directory + "/cert.pem", certificate.certificate_pem));
  RP_TRY(write_file(directory + "/key.pem", certificate.key_pem));
  RP_ASSIGN(const TicketKey key, TicketKey::generate());
  RP_TRY(key.save(directory + "/ticket.pem"));
  return write_file(directory + "/ticket.pub", to_base64(key.public_key()));
}

Status print_ticket(const std::string& directory, const std::string& phone) {
  RP_ASSIGN(const TicketKey key, TicketKey::load(directory + "/ticket.pem"));
  Ticket ticket;
  ticket.phone = phone;
  ticket.user = "test";
  ticket.session = "test";
  ticket.role = "owner";
  ticket.expires_unix_s = SystemClock().unix_seconds() + kTicketLifetime_s;
  ticket.nonce = SystemRandom().bytes(kTicketNonceBytes);
  RP_ASSIGN(const std::string text, sign_ticket(key, ticket));
  std::puts(text.c_str());
  return {};
}

}  // namespace
}  // namespace rp

int main(int argc, char** argv) {
  std::map<std::string, std::string, std::less<>> options;
  for (int i = 2; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  const std::string_view command = argc > 1 ? argv[1] : "";
  const std::string directory = options["--directory"];
  const bool wrong = directory.empty() || (command == "ticket" && options["--phone"].empty());
  if (wrong || (command != "keys" && command != "ticket")) {
    std::fputs("usage: rackphone-test-keys keys|ticket --directory DIR [--phone ID]\n", stderr);
    return 2;
  }
  const rp::Status status = command == "keys" ? rp::make_keys(directory)
                                              : rp::print_ticket(directory, options["--phone"]);
  if (!status) {
    std::fprintf(stderr, "rackphone-test-keys: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}
