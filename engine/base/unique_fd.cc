#include "engine/base/unique_fd.h"

#include <fcntl.h>
#include <sys/mman.h>

namespace rp {

Result<UniqueFd> UniqueFd::duplicate() const {
  UniqueFd copy(::fcntl(fd_, F_DUPFD_CLOEXEC, 3));
  if (!copy) return fail_errno("duplicate a descriptor");
  return copy;
}

Result<UniqueFd> create_memory_file(const char* name, std::size_t size_bytes) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return fail_errno("memfd_create");
  if (::ftruncate(fd.get(), static_cast<off_t>(size_bytes)) != 0) {
    return fail_errno("size a memory file");
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
    return fail_errno("seal a memory file");
  }
  return fd;
}

}  // namespace rp
