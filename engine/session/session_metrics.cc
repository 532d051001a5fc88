#include "engine/session/session_metrics.h"

namespace rp {

SessionMetrics::SessionMetrics(Registry& registry, const std::string& phone_id) {
  const auto stage = [&](const char* name, const LatencyHistogram& histogram) {
    handles_.push_back(registry.add("rackphone_stage_seconds",
                                    "Time a frame spends in one stage of its way.",
                                    {{"phone", phone_id}, {"stage", name}}, histogram));
  };
  stage("capture", capture);
  stage("compose", compose);
  stage("tiles", tiles);
  stage("encode", encode);
  stage("send", send);
  stage("capture_to_wire", capture_to_wire);
  stage("delivery", delivery);
  stage("client_decode", client_decode);
  stage("client_present", client_present);
  stage("input_to_photon", input_to_photon);

  const auto count = [&](const char* name, const char* help, const Counter& counter) {
    handles_.push_back(registry.add(name, help, {{"phone", phone_id}}, counter));
  };
  count("rackphone_frames_total", "Frames sent.", frames);
  count("rackphone_key_frames_total", "Key frames among the frames sent.", key_frames);
  count("rackphone_tile_frames_total", "Frames sent as lossless tiles.", tile_frames);
  count("rackphone_frame_bytes_total", "Encoded bytes sent.", frame_bytes);
  count("rackphone_frames_skipped_total",
        "Refresh intervals in which a change waited for the viewer or the encoder.", skipped);
  count("rackphone_encode_errors_total", "Pictures the encoder failed on.", encode_errors);
  count("rackphone_compose_errors_total", "Scenes with a buffer that could not be read.",
        compose_errors);
  count("rackphone_inputs_total", "Input messages handed to the phone.", inputs);
  count("rackphone_viewer_errors_total", "Viewers ended for a protocol error.", protocol_errors);
  count("rackphone_viewers_total", "Viewers ever attached.", viewers);
}

}  // namespace rp
