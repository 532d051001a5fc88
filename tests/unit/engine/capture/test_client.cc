#include "tests/unit/engine/capture/test_client.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cstring>

// libwayland-client leaves the proxies that were not destroyed one by one when a connection ends;
// the tests end connections without that, as clients do that crash.
extern "C" const char* __lsan_default_suppressions() { return "leak:libwayland-client"; }

namespace rp::testing {

TestClient::TestClient(EventLoop& loop, UniqueFd socket)
    : loop_(loop), display_(wl_display_connect_to_fd(socket.release())) {
  static const wl_registry_listener kListener = {
      .global =
          [](void* data, wl_registry*, std::uint32_t name, const char* interface,
             std::uint32_t version) {
            static_cast<TestClient*>(data)->globals_[interface] = {name, version};
          },
      .global_remove = [](void*, wl_registry*, std::uint32_t) {},
  };
  registry_ = wl_display_get_registry(display_);
  wl_registry_add_listener(registry_, &kListener, this);
  roundtrip();
}

TestClient::~TestClient() {
  wl_registry_destroy(registry_);
  wl_display_disconnect(display_);
  loop_.run_once(Duration(0));
}

void TestClient::pump() {
  wl_display_flush(display_);
  loop_.run_once(Duration(0));
  while (wl_display_prepare_read(display_) != 0) wl_display_dispatch_pending(display_);
  pollfd ready{wl_display_get_fd(display_), POLLIN, 0};
  if (::poll(&ready, 1, 0) > 0) {
    wl_display_read_events(display_);
  } else {
    wl_display_cancel_read(display_);
  }
  wl_display_dispatch_pending(display_);
}

bool TestClient::roundtrip() {
  bool done = false;
  static const wl_callback_listener kListener = {
      .done = [](void* data, wl_callback*, std::uint32_t) { *static_cast<bool*>(data) = true; }};
  wl_callback* callback = wl_display_sync(display_);
  wl_callback_add_listener(callback, &kListener, &done);
  // A turn moves at least one message each way, so this is far beyond what any test sends.
  for (int turn = 0; turn < 20'000 && !done; ++turn) {
    pump();
    if (wl_display_get_error(display_) != 0) break;
  }
  wl_callback_destroy(callback);
  return done;
}

void TestClient::send() {
  wl_display_flush(display_);
  loop_.run_once(Duration(0));
}

void TestClient::settle() {
  for (int turn = 0; turn < 4; ++turn) pump();
}

TestClient::ProtocolError TestClient::error() const {
  ProtocolError error;
  if (wl_display_get_error(display_) != EPROTO) return error;
  const wl_interface* interface = nullptr;
  std::uint32_t id = 0;
  error.code = wl_display_get_protocol_error(display_, &interface, &id);
  error.interface = interface == nullptr ? "" : interface->name;
  error.happened = true;
  return error;
}

ShmBuffer::ShmBuffer(wl_shm* shm, Size size, std::uint32_t pixel, std::uint32_t format)
    : fd_(::memfd_create("test", MFD_CLOEXEC)) {
  const auto pixels = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  const std::size_t bytes = pixels * 4;
  EXPECT_EQ(::ftruncate(fd_.get(), static_cast<off_t>(bytes)), 0);
  auto* map = static_cast<std::uint32_t*>(
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0));
  std::fill_n(map, pixels, pixel);
  ::munmap(map, bytes);
  wl_shm_pool* pool = wl_shm_create_pool(shm, fd_.get(), static_cast<std::int32_t>(bytes));
  buffer_ = wl_shm_pool_create_buffer(pool, 0, size.width, size.height, size.width * 4, format);
  wl_shm_pool_destroy(pool);
  static const wl_buffer_listener kListener = {
      .release = [](void* data, wl_buffer*) { ++static_cast<ShmBuffer*>(data)->releases_; }};
  wl_buffer_add_listener(buffer_, &kListener, this);
}

ShmBuffer::~ShmBuffer() { destroy(); }

void ShmBuffer::destroy() {
  if (buffer_ != nullptr) wl_buffer_destroy(std::exchange(buffer_, nullptr));
}

void DisplayTest::start(OutputMode mode, WindowPolicy policy, DisplayOptions options) {
  loop_ = EventLoop::create(clock_).value();
  options.mode = mode;
  auto made = WaylandDisplay::create(*loop_, options, listener_, policy);
  ASSERT_TRUE(made) << made.error().message();
  display_ = std::move(*made);
}

std::unique_ptr<TestClient> DisplayTest::connect() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  EXPECT_TRUE(display_->compositor().adopt_client(UniqueFd(ends[1])));
  return std::make_unique<TestClient>(*loop_, UniqueFd(ends[0]));
}

std::uint32_t DisplayTest::pixel_of(const Layer& layer) {
  std::uint32_t pixel = 0;
  const std::uint8_t* bytes = layer.buffer->begin_cpu_read();
  if (bytes != nullptr) std::memcpy(&pixel, bytes, sizeof pixel);
  layer.buffer->end_cpu_read();
  return pixel;
}

}  // namespace rp::testing
