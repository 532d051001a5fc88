// A Sender with a viewer at its other end that the test plays. One rig for each implementation.
// Thread rule: one thread; turn() runs both ends.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/transport/record_offload.h"
#include "tests/support/recording_listener.h"

namespace rp {

class SenderRig {
 public:
  using Bytes = std::vector<std::uint8_t>;
  virtual ~SenderRig() = default;

  virtual Sender& sender() = 0;
  virtual RecordingListener& listener() = 0;
  // Destroys the sender, as its owner does after on_closed().
  virtual void destroy_sender() = 0;
  // Each whole message the viewer has got, frames as header and payload together.
  virtual std::vector<Bytes> received() = 0;
  virtual void viewer_sends(const Bytes& message) = 0;
  virtual void viewer_reads(bool reads) = 0;
  virtual void viewer_vanishes() = 0;
  virtual std::uint16_t close_code_seen() = 0;
  virtual void turn() = 0;
  [[nodiscard]] virtual TimePoint now() const = 0;

  // Turns until `condition` holds; false after 10 s.
  bool until(const std::function<bool()>& condition);
};

[[nodiscard]] std::unique_ptr<SenderRig> make_fake_rig();
[[nodiscard]] std::unique_ptr<SenderRig> make_plain_rig();
[[nodiscard]] std::unique_ptr<SenderRig> make_tls_rig();
// TLS whose records the offload sends; with `handed`, also receives (OffloadedStream).
[[nodiscard]] std::unique_ptr<SenderRig> make_offloaded_rig(std::shared_ptr<RecordOffload> offload,
                                                            bool handed);

struct SenderKind {
  const char* name;
  std::unique_ptr<SenderRig> (*make)();
};
// Those that can be had where the tests run: kinds.cc here, tests/lab/ktls in the kernel lab.
[[nodiscard]] std::vector<SenderKind> sender_kinds();

}  // namespace rp
