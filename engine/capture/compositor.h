// Compositor: the heart of one phone's display server. It owns the wl_display, the clients' records
// and the globals, and knows which surfaces wait for a picture. WaylandDisplay is its face to the
// session. Thread rule: the shard's loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <wayland-server-core.h>

#include "engine/base/event_loop.h"
#include "engine/capture/client_record.h"
#include "engine/capture/focus.h"
#include "engine/capture/scene_builder.h"
#include "engine/capture/shell.h"

namespace rp {

class Activation;
class DmabufGlobal;
class ExplicitSync;
class Output;
class ShmPools;

class Compositor final : public DisplayContext {
 public:
  Compositor(EventLoop& loop, const DisplayOptions& options, DisplayListener& listener,
             WindowPolicy policy);
  ~Compositor() override;
  // Makes the globals, listens on options.socket_path (none when it is empty) and watches the loop.
  [[nodiscard]] Status start(const DisplayOptions& options);
  // The seat is made after the compositor and must outlive its clients: disconnect_clients() first.
  void set_seat(SeatFocus* seat) { seat_ = seat; }
  void disconnect_clients();
  // Serves an already connected socket. The client is libwayland's and may go at any time.
  [[nodiscard]] Result<wl_client*> adopt_client(UniqueFd socket);

  // ---- DisplayContext
  [[nodiscard]] wl_display* display() const override { return display_; }
  [[nodiscard]] EventLoop& loop() const override { return loop_; }
  [[nodiscard]] const OutputMode& mode() const override { return mode_; }
  [[nodiscard]] DisplayCounters& counters() override { return counters_; }
  [[nodiscard]] const DisplayCounters& counters() const { return counters_; }
  void request_end_of_turn() override;
  void end_for_limit(wl_client* client, const char* what) override;

  // For the log: the socket's path.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] SeatFocus* seat() const { return seat_; }
  [[nodiscard]] Shell& shell() { return shell_; }
  [[nodiscard]] Output& output() { return *output_; }
  // Null where clients cannot name fences.
  [[nodiscard]] ExplicitSync* explicit_sync() { return sync_.get(); }
  // Null where shared memory is always copied.
  [[nodiscard]] ShmPools* shm_pools() { return shm_pools_.get(); }
  [[nodiscard]] const DmabufGlobal& dmabuf() const { return *dmabuf_; }
  // The output in logical pixels, rounded up: it always covers the whole picture.
  [[nodiscard]] Size logical_size() const;
  [[nodiscard]] double scale() const { return static_cast<double>(mode_.scale_120) / 120.0; }
  [[nodiscard]] std::uint64_t next_surface_id() { return ++last_surface_id_; }
  [[nodiscard]] std::uint32_t next_serial() { return wl_display_next_serial(display_); }
  [[nodiscard]] int client_count() const { return static_cast<int>(clients_.size()); }

  // A mapped surface is on the output.
  [[nodiscard]] bool has_content() const { return !shell_.roots().empty(); }

  // ---- pictures
  [[nodiscard]] Scene take_scene();
  void frame_done(TimePoint shown, std::uint64_t sequence);
  void set_mode(const OutputMode& mode);
  void set_source_formats(const SharedSourceFormats& formats);
  // Something on the output changed, or a shown surface waits for a callback.
  void request_frame();
  // `surface` has frame callbacks or feedback in its current state.
  void add_waiting(Surface& surface);
  void surface_destroyed(Surface& surface);
  void layout_changed();
  // A request that may have changed the layout is done.
  void settle();
  // wp_fractional_scale_v1 objects to tell when the scale changes.
  void add_fractional_scale(wl_resource* resource);
  void remove_fractional_scale(wl_resource* resource);

  // Called by ClientRecord.
  void client_left(ClientRecord& record);

 private:
  struct Hook {
    wl_listener listener;
    Compositor* self;
  };

  [[nodiscard]] Status listen(const std::string& path);
  void make_globals();
  void dispatch();
  void end_turn();
  void client_created(wl_client* client);
  static void on_protocol_message(void* self, wl_protocol_logger_type type,
                                  const wl_protocol_logger_message* message);

  EventLoop& loop_;
  DisplayListener& listener_;
  std::string name_;
  std::string socket_path_;  // to remove at the end; empty: none was made
  OutputMode mode_;
  DisplayCounters counters_;
  wl_display* display_;
  wl_protocol_logger* logger_ = nullptr;
  Hook client_created_{};
  SeatFocus* seat_ = nullptr;
  std::uint64_t last_surface_id_ = 0;

  std::vector<std::unique_ptr<ClientRecord>> clients_;
  std::vector<std::unique_ptr<ClientRecord>> left_clients_;  // until the end of the turn
  std::vector<wl_client*> unwelcome_;                        // over the bound of clients
  Shell shell_;
  SceneBuilder scenes_;
  std::unique_ptr<Output> output_;
  std::unique_ptr<DmabufGlobal> dmabuf_;
  std::unique_ptr<ExplicitSync> sync_;
  std::unique_ptr<ShmPools> shm_pools_;
  std::unique_ptr<Activation> activation_;
  std::vector<Surface*> waiting_;
  std::vector<wl_resource*> fractional_scales_;
  ResourceQueue due_callbacks_;
  ResourceQueue due_feedbacks_;
  bool frame_wanted_ = false;
  bool frame_told_ = false;
  bool unsettled_ = false;
  EventLoop::Watch watch_;
  EventLoop::Timer end_of_turn_;
};

}  // namespace rp
