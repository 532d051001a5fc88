// CPU time of one thread, read by another: how busy a loop is, without a timer in it. Thread rule:
// any thread.
#pragma once

#include <pthread.h>

#include "engine/base/clock.h"

namespace rp {

// What the thread, which must not have been joined, has used so far; 0 when the system does not
// say.
[[nodiscard]] Duration cpu_time_of(pthread_t thread);

}  // namespace rp
