#include "bench/peers/app/x11_window.h"

#include <sys/ipc.h>
#include <sys/shm.h>

#include <cstddef>
#include <cstdlib>
#include <memory>

#include <xcb/shm.h>
#include <xcb/xcb.h>

namespace rp::peers {
namespace {

struct Free {
  void operator()(void* p) const { std::free(p); }
};
template <typename T>
using Reply = std::unique_ptr<T, Free>;

struct Disconnect {
  void operator()(xcb_connection_t* c) const { xcb_disconnect(c); }
};

// Shared pixels that go with the process: the segment is marked for removal at once.
Result<std::uint32_t*> shared_pixels(xcb_connection_t* connection, xcb_shm_seg_t segment,
                                     std::size_t bytes) {
  const int id = ::shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
  if (id < 0) return fail_errno("shmget");
  void* at = ::shmat(id, nullptr, 0);
  Reply<xcb_generic_error_t> refused;
  if (at != reinterpret_cast<void*>(-1)) {
    refused.reset(xcb_request_check(
        connection,
        xcb_shm_attach_checked(connection, segment, static_cast<std::uint32_t>(id), 1)));
  }
  ::shmctl(id, IPC_RMID, nullptr);
  if (at == reinterpret_cast<void*>(-1)) return fail_errno("shmat");
  if (refused) return fail(ErrorCode::kUnsupported, "the X server refuses MIT-SHM");
  return static_cast<std::uint32_t*>(at);
}

}  // namespace

Status run_x11(int width, int height, const DrawFrame& draw) {
  const std::unique_ptr<xcb_connection_t, Disconnect> owner(xcb_connect(nullptr, nullptr));
  xcb_connection_t* connection = owner.get();
  if (xcb_connection_has_error(connection) != 0)
    return fail(ErrorCode::kUnavailable, "no X server at $DISPLAY");
  const xcb_screen_t* screen = xcb_setup_roots_iterator(xcb_get_setup(connection)).data;
  if (screen == nullptr || screen->root_depth != 24)
    return fail(ErrorCode::kUnsupported, "the X screen must have a depth of 24");

  const xcb_window_t window = xcb_generate_id(connection);
  const std::uint32_t values[] = {1};
  xcb_create_window(connection, XCB_COPY_FROM_PARENT, window, screen->root, 0, 0,
                    static_cast<std::uint16_t>(width), static_cast<std::uint16_t>(height), 0,
                    XCB_WINDOW_CLASS_INPUT_OUTPUT, screen->root_visual, XCB_CW_OVERRIDE_REDIRECT,
                    values);
  xcb_map_window(connection, window);
  const xcb_gcontext_t gc = xcb_generate_id(connection);
  xcb_create_gc(connection, gc, window, 0, nullptr);

  const xcb_shm_seg_t segment = xcb_generate_id(connection);
  const std::size_t count = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  RP_ASSIGN(std::uint32_t* const pixels, shared_pixels(connection, segment, count * 4));
  while (xcb_connection_has_error(connection) == 0) {
    draw(width, height, {pixels, count});
    const auto w = static_cast<std::uint16_t>(width);
    const auto h = static_cast<std::uint16_t>(height);
    xcb_shm_put_image(connection, window, gc, w, h, 0, 0, w, h, 0, 0, screen->root_depth,
                      XCB_IMAGE_FORMAT_Z_PIXMAP, 0, segment, 0);
    // The answer comes after the pixels were read, so they may be drawn on again.
    const Reply<xcb_get_input_focus_reply_t> done(
        xcb_get_input_focus_reply(connection, xcb_get_input_focus(connection), nullptr));
    if (!done) break;
  }
  return {};
}

}  // namespace rp::peers
