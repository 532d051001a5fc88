// rackphone-lab-app: draws numbered pictures (tests/support/app/numbered.h) into dma-bufs of the
// kernel's heap, one for each frame callback.
//   --stuck-from N --stuck-to M   pictures N to M carry a fence that never signals
//   --shared                      into shared memory instead, sealed against shrinking
//   --unsealed                    the same without seals
#include <linux/dma-buf.h>
#include <sys/ioctl.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/lab/fence_timeline.h"
#include "tests/support/app/numbered.h"
#include "tests/support/app/window.h"

namespace rp::testapp {
namespace {

// linux/dma-buf.h has it since 6.0.
struct ImportSyncFile {
  std::uint32_t flags;
  std::int32_t fd;
};
constexpr unsigned long kImportSyncFile = _IOW('b', 3, ImportSyncFile);

struct Options {
  bool shared = false;
  bool sealed = true;
  unsigned stuck_from = 0;
  unsigned stuck_to = 0;
};

Status attach_stuck_fence(FenceTimeline& timeline, int dmabuf) {
  const UniqueFd fence = timeline.next_fence();
  if (!fence) return fail_errno("make a fence");
  ImportSyncFile request{DMA_BUF_SYNC_WRITE, fence.get()};
  if (::ioctl(dmabuf, kImportSyncFile, &request) != 0) return fail_errno("attach a fence");
  return {};
}

Status run(const Options& options) {
  std::unique_ptr<FenceTimeline> timeline;
  if (options.stuck_to != 0) {
    RP_ASSIGN(timeline, FenceTimeline::create());
  }
  unsigned number = 0;
  Status attached;
  WindowOptions window_options;
  window_options.dma_heap = !options.shared;
  window_options.sealed = options.sealed;
  window_options.before_commit = [&](int dmabuf) {
    const bool stuck = number >= options.stuck_from && number <= options.stuck_to;
    if (timeline != nullptr && stuck && attached) {
      attached = attach_stuck_fence(*timeline, dmabuf);
    }
  };
  RP_ASSIGN(const auto window,
            Window::create(
                window_options,
                [&](int width, int height, std::span<std::uint32_t> pixels, Window::Damage&) {
                  draw_numbered(width, height, static_cast<std::uint16_t>(++number), pixels);
                  return true;
                },
                [](double, double) {}));
  RP_TRY(window->run());
  return attached;
}

}  // namespace
}  // namespace rp::testapp

int main(int argc, char** argv) {
  rp::testapp::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto value = [&] {
      return i + 1 < argc ? static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10)) : 0U;
    };
    if (word == "--shared" || word == "--unsealed") options.shared = true;
    if (word == "--unsealed") options.sealed = false;
    if (word == "--stuck-from") options.stuck_from = value();
    if (word == "--stuck-to") options.stuck_to = value();
  }
  if (const rp::Status status = rp::testapp::run(options); !status) {
    std::fprintf(stderr, "rackphone-lab-app: %s\n", status.error().message().c_str());
    return 1;
  }
  return 0;
}
