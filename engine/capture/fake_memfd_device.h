// FakeMemfdDevice: what it hands out is the memory file itself. Remembers what it was asked for.
// Thread rule: the test's.
#pragma once

#include <fcntl.h>

#include <vector>

#include "engine/capture/memfd_device.h"

namespace rp {

class FakeMemfdDevice final : public MemfdDevice {
 public:
  [[nodiscard]] Result<UniqueFd> make_dmabuf(int memfd, MemoryRange range) override {
    asked.push_back(range);
    if (refuses) return fail(ErrorCode::kInvalid, "not such a memory file");
    return UniqueFd(::fcntl(memfd, F_DUPFD_CLOEXEC, 3));
  }
  bool refuses = false;
  std::vector<MemoryRange> asked;
};

}  // namespace rp
