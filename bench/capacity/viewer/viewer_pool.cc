#include "bench/capacity/viewer/viewer_pool.h"

#include <pthread.h>
#include <time.h>

#include <functional>
#include <future>
#include <thread>
#include <utility>

namespace rp {

// The loop, its thread, and what only that thread touches.
struct ViewerPool::Lane {
  std::unique_ptr<EventLoop> loop;
  std::shared_ptr<TlsContext> tls;
  ViewerSamples samples;
  std::vector<std::unique_ptr<LoadViewer>> viewers;
  std::thread thread;

  // Runs `task` on the lane's thread and waits for it.
  void call(const std::function<void()>& task) {
    std::promise<void> done;
    loop->post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }
  void count(PoolCounts& counts) const;
  void add_to(PoolFigures& figures, bool unanswered);
};

void ViewerPool::Lane::count(PoolCounts& counts) const {
  for (const auto& viewer : viewers) {
    ++counts.asked;
    if (!viewer->end_reason().empty() && !viewer->waiting_for_room()) ++counts.ended;
    if (viewer->waiting_for_room()) ++counts.refused;
    if (!viewer->launch_time()) continue;
    ++counts.shown;
    if (viewer->connected()) ++counts.served;
  }
}

void ViewerPool::Lane::add_to(PoolFigures& figures, bool unanswered) {
  count(figures.counts);
  for (const auto& viewer : viewers) {
    if (unanswered) viewer->note_unanswered();
    if (const auto launch = viewer->launch_time())
      figures.launch_ms.push_back(static_cast<float>(static_cast<double>(launch->count()) / 1e3));
    if (figures.first_failure.empty()) figures.first_failure = viewer->end_reason();
  }
  figures.samples.add(samples);
}

Result<std::unique_ptr<ViewerPool>> ViewerPool::create(const Clock& clock, unsigned threads,
                                                       const std::function<Status()>& prepare) {
  std::unique_ptr<ViewerPool> pool(new ViewerPool());
  for (unsigned i = 0; i < threads; ++i) {
    auto lane = std::make_unique<Lane>();
    RP_ASSIGN(lane->loop, EventLoop::create(clock));
    RP_ASSIGN(lane->tls, TlsContext::create_client({}));
    lane->thread = std::thread([loop = lane->loop.get()] { loop->run(); });
    ::pthread_setname_np(lane->thread.native_handle(), "viewers");
    pool->lanes_.push_back(std::move(lane));
    Status prepared;
    pool->lanes_.back()->call([&] { prepared = prepare(); });
    RP_TRY(prepared);
  }
  return pool;
}

ViewerPool::~ViewerPool() {
  for (const auto& lane : lanes_) {
    lane->loop->post([lane = lane.get()] {
      lane->viewers.clear();
      lane->loop->stop();
    });
    lane->thread.join();
  }
}

void ViewerPool::add(LoadViewerOptions options) {
  Lane* lane = lanes_[next_lane_++ % lanes_.size()].get();
  lane->loop->post([lane, options = std::move(options)]() mutable {
    lane->viewers.push_back(
        std::make_unique<LoadViewer>(*lane->loop, lane->tls, lane->samples, std::move(options)));
    lane->viewers.back()->start();
  });
}

void ViewerPool::reset_samples() {
  for (const auto& lane : lanes_) {
    lane->call([&lane] {
      for (const auto& viewer : lane->viewers) viewer->forget_waits();
      lane->samples = {};
    });
  }
}

PoolCounts ViewerPool::counts() {
  PoolCounts counts;
  for (const auto& lane : lanes_) lane->call([&] { lane->count(counts); });
  return counts;
}

PoolFigures ViewerPool::figures(bool unanswered) {
  PoolFigures figures;
  for (const auto& lane : lanes_) lane->call([&] { lane->add_to(figures, unanswered); });
  return figures;
}

Duration ViewerPool::cpu_time() const {
  Duration total{0};
  for (const auto& lane : lanes_) {
    clockid_t clock{};
    timespec time{};
    if (::pthread_getcpuclockid(lane->thread.native_handle(), &clock) == 0 &&
        ::clock_gettime(clock, &time) == 0) {
      total += std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec / 1'000);
    }
  }
  return total;
}

}  // namespace rp
