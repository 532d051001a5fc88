#include "engine/shard/shard_metrics.h"

#include <string>

namespace rp {

ShardMetrics::ShardMetrics(Registry& registry, int index, const EncodeThread& thread,
                           const EncoderPool& pool) {
  const std::string shard = std::to_string(index);
  const auto add = [&](const char* name, const char* help, const auto& metric, Labels labels = {}) {
    labels.insert(labels.begin(), {"shard", shard});
    handles_.push_back(registry.add(name, help, std::move(labels), metric));
  };
  add("rackphone_shard_sessions", "Phones on this shard.", sessions);
  const char* busy = "Share of the last seconds in which a shard's thread ran.";
  add("rackphone_shard_busy_ratio", busy, loop_busy, {{"thread", "loop"}});
  add("rackphone_shard_busy_ratio", busy, encode_busy, {{"thread", "encode"}});
  add("rackphone_viewers_refused_total", "Viewers turned away because the server was full.",
      refused);
  add("rackphone_encode_queue", "Pictures with the encode thread, and phones that wait for a turn.",
      thread.queue_length());
  add("rackphone_encode_wait_seconds", "From a phone's wish for a picture to the codec.",
      thread.waits());
  const EncoderPoolCounters& counters = pool.counters();
  const char* encoders = "Open codecs, by whether a phone has them.";
  add("rackphone_encoders", encoders, counters.lent, {{"state", "lent"}});
  add("rackphone_encoders", encoders, counters.idle, {{"state", "idle"}});
  add("rackphone_encoder_bytes", "Memory of all open codecs, estimated.", counters.bytes);
  add("rackphone_encoder_loans_total", "Times a phone was lent a codec.", counters.loans);
  add("rackphone_encoder_reused_total", "Loans of a codec that was open already.", counters.reused);
  add("rackphone_encoder_refused_total", "Loans refused for want of memory.", counters.refused);
  add("rackphone_encoder_opened_total", "Codecs opened.", counters.opened);
}

}  // namespace rp
