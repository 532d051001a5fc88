// Goal: nothing a client writes into its socket harms the display. Method: the input is bytes of
// Wayland messages after a proper beginning (every global bound, a window mapped), with object ids
// folded onto those that exist so that most requests reach their handlers; the display then shows
// what there is and the client goes.
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include <wayland-server-core.h>

#include "engine/base/log.h"
#include "engine/capture/wayland_display.h"

namespace {

using namespace rp;

struct Deaf final : DisplayListener {
  void on_frame_wanted() override {}
  void on_cursor(const CursorImage&) override {}
  void on_clipboard(std::string_view) override {}
  void on_text_input(const TextInputState&) override {}
};

// wl_registry.bind for every global, in the order they are advertised, gives them ids from
// kFirstBound up.
constexpr std::uint32_t kRegistry = 2;
constexpr std::uint32_t kFirstBound = 3;

class Writer {
 public:
  void message(std::uint32_t object, std::uint16_t opcode, const std::string& body) {
    const auto size = static_cast<std::uint32_t>(8 + body.size());
    word(object);
    word((size << 16U) | opcode);
    bytes_ += body;
  }
  static std::string words(std::initializer_list<std::uint32_t> values) {
    std::string out;
    for (const std::uint32_t v : values) out.append(reinterpret_cast<const char*>(&v), 4);
    return out;
  }
  static std::string text(const std::string& value) {
    std::string out = words({static_cast<std::uint32_t>(value.size() + 1)});
    out += value;
    out.append(4 - value.size() % 4, '\0');
    return out;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void word(std::uint32_t v) { bytes_.append(reinterpret_cast<const char*>(&v), 4); }
  std::string bytes_;
};

struct Global {
  std::uint32_t name;
  std::string interface;
  std::uint32_t version;
};

// Reads wl_registry.global events from the first answer.
std::vector<Global> read_globals(int fd) {
  std::vector<Global> globals;
  std::array<char, 16384> buffer{};
  const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  for (std::size_t at = 0; got > 0 && at + 20 <= static_cast<std::size_t>(got);) {
    std::array<std::uint32_t, 4> head{};
    std::memcpy(head.data(), buffer.data() + at, sizeof head);
    const std::size_t size = head[1] >> 16U;
    if (head[0] == kRegistry && (head[1] & 0xFFFFU) == 0) {
      const std::string interface(buffer.data() + at + 16);
      std::uint32_t version = 0;
      std::memcpy(&version, buffer.data() + at + size - 4, 4);
      globals.push_back({head[2], interface, version});
    }
    at += size;
  }
  return globals;
}

void send_all(EventLoop& loop, int fd, const std::string& bytes) {
  std::array<char, 16384> drain{};
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t sent =
        ::send(fd, bytes.data() + at, std::min<std::size_t>(bytes.size() - at, 4096),
               MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) at += static_cast<std::size_t>(sent);
    loop.run_once(Duration(0));
    while (::recv(fd, drain.data(), drain.size(), MSG_DONTWAIT) > 0) {
    }
    if (sent < 0 && errno != EAGAIN) return;
  }
  loop.run_once(Duration(0));
}

// Each record of the input is a message: object, opcode, new-id hint, then argument words.
std::string fold(const std::uint8_t* data, std::size_t size, std::uint32_t next_id) {
  Writer out;
  std::size_t at = 0;
  while (at + 3 <= size) {
    const std::uint32_t object = 1 + data[at] % 64U;
    const std::uint16_t opcode = data[at + 1] % 16U;
    const std::size_t words = std::min<std::size_t>(data[at + 2] % 9U, (size - at - 3) / 2);
    at += 3;
    std::string body;
    for (std::size_t i = 0; i < words; ++i, at += 2) {
      const std::uint8_t kind = data[at];
      std::uint32_t value = data[at + 1];
      if (kind < 64)
        value = 1 + value % 64U;  // an object
      else if (kind < 96)
        value = next_id++;  // a new one
      else if (kind < 128)
        value = static_cast<std::uint32_t>(-1);  // -1
      else if (kind < 160)
        value <<= 24U;  // huge
      body += Writer::words({value});
    }
    out.message(object, opcode, body);
  }
  return out.bytes();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  std::signal(SIGPIPE, SIG_IGN);
  set_log_level(LogLevel::kOff);
  FakeClock clock;
  const auto loop = EventLoop::create(clock).value();
  Deaf listener;
  const auto display = WaylandDisplay::create(*loop, {}, listener).value();
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return 0;
  const UniqueFd client(ends[0]);
  (void)display->compositor().adopt_client(UniqueFd(ends[1]));

  Writer hello;
  hello.message(1, 1, Writer::words({kRegistry}));
  ::send(client.get(), hello.bytes().data(), hello.bytes().size(), MSG_NOSIGNAL);
  loop->run_once(Duration(0));
  std::uint32_t id = kFirstBound;
  Writer setup;
  std::uint32_t compositor = 0;
  std::uint32_t wm_base = 0;
  std::uint32_t single_pixel = 0;
  for (const Global& g : read_globals(client.get())) {
    if (g.interface == "wl_compositor") compositor = id;
    if (g.interface == "xdg_wm_base") wm_base = id;
    if (g.interface == "wp_single_pixel_buffer_manager_v1") single_pixel = id;
    setup.message(
        kRegistry, 0,
        Writer::words({g.name}) + Writer::text(g.interface) + Writer::words({g.version, id++}));
  }
  const std::uint32_t surface = id++;
  const std::uint32_t xdg = id++;
  const std::uint32_t toplevel = id++;
  const std::uint32_t buffer = id++;
  setup.message(compositor, 0, Writer::words({surface}));
  setup.message(wm_base, 2, Writer::words({xdg, surface}));
  setup.message(xdg, 1, Writer::words({toplevel}));
  setup.message(single_pixel, 1, Writer::words({buffer, 0, 0, 0, UINT32_MAX}));
  setup.message(surface, 6, "");
  setup.message(surface, 1, Writer::words({buffer, 0, 0}));
  setup.message(surface, 6, "");
  send_all(*loop, client.get(), setup.bytes());

  // An odd first byte sends the rest as it is.
  const bool raw = size != 0 && (data[0] & 1U) != 0;
  send_all(
      *loop, client.get(),
      raw ? std::string(reinterpret_cast<const char*>(data) + 1, size - 1) : fold(data, size, id));
  display->pointer_motion(10, 10);
  display->pointer_button(PointerButton::kLeft, true);
  display->touch_down(0, 20, 20);
  const Scene scene = display->take_scene();
  for (const Layer& layer : scene.layers) {
    (void)layer.buffer->begin_cpu_read();
    layer.buffer->end_cpu_read();
  }
  display->frame_done(clock.now(), 1);
  display->set_mode({{300, 500}, 150, 60'000});
  loop->run_once(Duration(0));
  return 0;
}
