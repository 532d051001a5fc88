#include "engine/base/thread_time.h"

#include <ctime>

namespace rp {

Duration cpu_time_of(pthread_t thread) {
  clockid_t id{};
  timespec ts{};
  if (::pthread_getcpuclockid(thread, &id) != 0 || ::clock_gettime(id, &ts) != 0) {
    return Duration(0);
  }
  return Duration(static_cast<std::int64_t>(ts.tv_sec) * 1'000'000 + ts.tv_nsec / 1'000);
}

}  // namespace rp
