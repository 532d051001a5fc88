// ShardMetrics: what one shard is measured by, in the registry for as long as it lives. Thread
// rule: the gauges of busy shares are written by the front's loop, the rest by the shard.
#pragma once

#include <vector>

#include "engine/base/metrics.h"
#include "engine/encode/encode_thread.h"
#include "engine/encode/encoder_pool.h"

namespace rp {

struct ShardMetrics {
  // Labels every metric with shard="<index>"; the parts must outlive it.
  ShardMetrics(Registry& registry, int index, const EncodeThread& thread, const EncoderPool& pool);

  Gauge sessions;
  Gauge loop_busy;    // 0–1, an average over some seconds
  Gauge encode_busy;  // likewise, of the encode thread
  Counter refused;    // viewers, because the server is full

 private:
  std::vector<Registry::Handle> handles_;
};

}  // namespace rp
