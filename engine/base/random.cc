#include "engine/base/random.h"

#include <sys/random.h>

#include <cerrno>

#include "engine/base/result.h"

namespace rp {

std::string SystemRandom::bytes(std::size_t count) {
  std::string out(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t got = ::getrandom(out.data() + have, count - have, 0);
    RP_CHECK(got > 0 || errno == EINTR);
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return out;
}

}  // namespace rp
