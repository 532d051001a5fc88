// SessionMetrics: what one phone's session counts and times, in the registry for as long as it
// lives. Thread rule: written by the shard, read by any thread through the registry.
#pragma once

#include <string>
#include <vector>

#include "engine/base/metrics.h"

namespace rp {

struct SessionMetrics {
  // Labels every metric with phone="<id>".
  SessionMetrics(Registry& registry, const std::string& phone_id);

  LatencyHistogram capture;          // commit → scene taken
  LatencyHistogram compose;          // scene taken → picture ready
  LatencyHistogram tiles;            // scene taken → tiles packed
  LatencyHistogram encode;           // picture ready → access unit
  LatencyHistogram send;             // access unit → handed to the transport
  LatencyHistogram capture_to_wire;  // scene taken → handed to the transport
  LatencyHistogram delivery;         // handed to the transport → acknowledged
  LatencyHistogram client_decode;    // as the client says
  LatencyHistogram client_present;   // as the client says
  LatencyHistogram input_to_photon;  // as the client says
  Counter frames;
  Counter key_frames;
  Counter tile_frames;
  Counter frame_bytes;
  Counter skipped;  // refresh intervals in which a change had to wait for the viewer or encoder
  Counter encode_errors;
  Counter compose_errors;
  Counter inputs;
  Counter protocol_errors;
  Counter viewers;  // ever attached

 private:
  std::vector<Registry::Handle> handles_;
};

}  // namespace rp
