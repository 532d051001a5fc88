// ViewerPool: all viewers of a load, on one loop and thread per core. Thread rule: everything from
// the thread that made it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/capacity/viewer/load_viewer.h"

namespace rp {

struct PoolCounts {
  int asked = 0;
  int shown = 0;    // have had a picture
  int served = 0;   // have had one and are still connected
  int refused = 0;  // by a full server; they ask again
  int ended = 0;    // could not connect, or lost since
};

struct PoolFigures {
  PoolCounts counts;
  std::vector<float> launch_ms;
  ViewerSamples samples;
  std::string first_failure;  // why the first viewer that ended did
};

class ViewerPool {
 public:
  // Each thread calls `prepare` first; what it fails with is the pool's error.
  [[nodiscard]] static Result<std::unique_ptr<ViewerPool>> create(
      const Clock& clock, unsigned threads, const std::function<Status()>& prepare);
  ViewerPool(const ViewerPool&) = delete;
  ViewerPool& operator=(const ViewerPool&) = delete;
  ~ViewerPool();  // ends the viewers, without waiting for the engine's goodbye

  void add(LoadViewerOptions options);
  [[nodiscard]] PoolCounts counts();
  // Counts from zero again; launch times and who is served stay.
  void reset_samples();
  // With `unanswered`, inputs still without an answer count with the time they have waited.
  [[nodiscard]] PoolFigures figures(bool unanswered);
  // CPU time of the viewers' threads.
  [[nodiscard]] Duration cpu_time() const;

 private:
  struct Lane;
  ViewerPool() = default;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::size_t next_lane_ = 0;
};

}  // namespace rp
