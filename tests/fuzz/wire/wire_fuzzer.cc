// Goal: no bytes from a peer crash the parsers or read out of bounds, and what parses means the
// same after it was serialised. Method: parse as a server and as a viewer; serialise what was
// understood; parse that and compare.
#include <cstdint>
#include <span>

#include "tests/support/wire_echo.h"

namespace {

template <typename Receiver>
void check(std::span<const std::uint8_t> bytes) {
  rp::wire::WireEcho first;
  if (!rp::wire::dispatch(bytes, static_cast<Receiver&>(first))) return;
  rp::wire::WireEcho second;
  RP_CHECK(rp::wire::dispatch(first.out, static_cast<Receiver&>(second)).has_value());
  RP_CHECK(first.out == second.out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check<rp::wire::ClientMessages>({data, size});
  check<rp::wire::ServerMessages>({data, size});
  return 0;
}
