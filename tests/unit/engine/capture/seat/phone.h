// Phone and Client for the seat's tests: a whole Display on a loop with a fake clock, and real
// libwayland clients on its socket, all driven from the test's thread by turn() and until().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <wayland-client.h>

#include "engine/base/limits.h"
#include "engine/capture/display.h"

struct xdg_surface;
struct xdg_toplevel;
struct xdg_wm_base;
struct zwp_primary_selection_device_manager_v1;
struct zwp_text_input_manager_v3;
struct wp_cursor_shape_manager_v1;
struct zwp_pointer_constraints_v1;
struct zwp_relative_pointer_manager_v1;

namespace rp::test {

class Client;

class Phone final : public DisplayListener {
 public:
  explicit Phone(OutputMode mode = {.size = {400, 600}, .scale_120 = 120, .refresh_mhz = 60'000});
  ~Phone() override;

  [[nodiscard]] Display& display() { return *display_; }
  [[nodiscard]] EventLoop& loop() { return *loop_; }
  [[nodiscard]] FakeClock& clock() { return clock_; }
  [[nodiscard]] const std::string& socket() const { return socket_; }

  // One turn of the server and of each client; 1 ms passes on the fake clock.
  void turn();
  // Turns until `done`; false after a generous number of them.
  [[nodiscard]] bool until(const std::function<bool()>& done);
  // Everything sent so far has been handled by all sides.
  void settle();

  void on_frame_wanted() override {}
  void on_cursor(const CursorImage& cursor) override { cursors.push_back(cursor); }
  void on_clipboard(std::string_view text) override { clipboards.emplace_back(text); }
  void on_text_input(const TextInputState& state) override { text_inputs.push_back(state); }

  std::vector<CursorImage> cursors;
  std::vector<std::string> clipboards;
  std::vector<TextInputState> text_inputs;

 private:
  friend class Client;
  FakeClock clock_;
  std::string directory_;
  std::string socket_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Display> display_;
  std::vector<Client*> clients_;
};

// A wl_surface with a name for the log; destroyed with the client's connection.
struct Window {
  std::string name;
  wl_surface* surface = nullptr;
  xdg_surface* shell = nullptr;
  xdg_toplevel* toplevel = nullptr;
};

// One connection. Everything the seat tells it is a line in `log`: "pointer.enter a 10 20".
class Client {
 public:
  // Binds wl_seat at `max_seat_version` at most.
  explicit Client(Phone& phone, std::uint32_t max_seat_version = 100);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // A mapped toplevel that fills the output.
  Window* open_window(const std::string& name);
  // A surface without a role, for cursors and icons.
  Window* make_surface(const std::string& name);
  // A buffer filled with one colour.
  wl_buffer* make_buffer(int width, int height, std::uint32_t argb);
  // Shows one colour; commits.
  void paint(Window& window, int width, int height, std::uint32_t argb);
  // Destroys what open_window() made.
  void close_window(Window& window);

  void pump();  // without waiting
  // True when a line of the log starts with `prefix`.
  [[nodiscard]] bool logged(const std::string& prefix) const;
  [[nodiscard]] std::size_t count(const std::string& prefix) const;
  [[nodiscard]] bool failed() const { return wl_display_get_error(display) != 0; }

  Phone& phone;
  std::uint32_t max_seat_version;
  wl_display* display = nullptr;
  wl_registry* registry = nullptr;
  wl_compositor* compositor = nullptr;
  wl_shm* shm = nullptr;
  xdg_wm_base* shell = nullptr;
  wl_seat* seat = nullptr;
  wl_pointer* pointer = nullptr;
  wl_keyboard* keyboard = nullptr;
  wl_touch* touch = nullptr;
  wl_data_device_manager* data_manager = nullptr;
  wl_data_device* data_device = nullptr;
  zwp_primary_selection_device_manager_v1* primary_manager = nullptr;
  zwp_text_input_manager_v3* text_input_manager = nullptr;
  wp_cursor_shape_manager_v1* cursor_shapes = nullptr;
  zwp_pointer_constraints_v1* constraints = nullptr;
  zwp_relative_pointer_manager_v1* relative_pointers = nullptr;

  std::vector<std::string> log;
  std::uint32_t serial = 0;          // of the newest input event
  std::uint32_t pointer_serial = 0;  // of the newest pointer enter
  std::string typed;                 // what the keys pressed so far read, by the client's own xkb
  wl_data_offer* offer = nullptr;    // the newest announced
  wl_data_offer* selection = nullptr;
  std::vector<std::string> offered;  // its types

  void write(std::string line) { log.push_back(std::move(line)); }
  [[nodiscard]] std::string name_of(wl_surface* surface) const;
  struct Xkb;
  std::unique_ptr<Xkb> xkb;

 private:
  void bind_all();
  std::vector<std::unique_ptr<Window>> windows_;
  int pending_configures_ = 0;
};

}  // namespace rp::test
