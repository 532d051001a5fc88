#include "engine/capture/seat/text_input.h"

#include <algorithm>
#include <cmath>

#include "engine/capture/seat/typing.h"
#include "protocol/text-input-unstable-v3-server.h"

namespace rp {
namespace {

// A Wayland message is at most 4096 bytes, header and length included.
constexpr std::size_t kMaxMessageText = 4000;

std::string without_nul(std::string_view text) {
  std::string out(text);
  std::erase(out, '\0');
  return out;
}

bool same(const TextInputState& a, const TextInputState& b) {
  return a.active == b.active && a.purpose == b.purpose && a.caret == b.caret;
}

}  // namespace

struct TextInputs::Requests {
  static Input& input(wl_resource* resource) {
    return *static_cast<Input*>(wl_resource_get_user_data(resource));
  }

  static void enable(wl_client*, wl_resource* resource) {
    input(resource).pending = State{.enabled = true};
  }
  static void disable(wl_client*, wl_resource* resource) { input(resource).pending = State{}; }
  // The viewer's input method does not look at the text around the caret.
  static void set_surrounding_text(wl_client*, wl_resource*, const char*, std::int32_t,
                                   std::int32_t) {}
  static void set_text_change_cause(wl_client*, wl_resource*, std::uint32_t) {}
  static void set_content_type(wl_client*, wl_resource* resource, std::uint32_t,
                               std::uint32_t purpose) {
    input(resource).pending.purpose =
        std::min<std::uint32_t>(purpose, ZWP_TEXT_INPUT_V3_CONTENT_PURPOSE_TERMINAL);
  }
  static void set_cursor_rectangle(wl_client*, wl_resource* resource, std::int32_t x,
                                   std::int32_t y, std::int32_t width, std::int32_t height) {
    const auto near = [](std::int32_t v) {
      return std::clamp(v, -limits::kMaxBufferSide_px, limits::kMaxBufferSide_px);
    };
    input(resource).pending.caret = {near(x), near(y), near(width), near(height)};
  }
  static void commit(wl_client*, wl_resource* resource) {
    Input& in = input(resource);
    ++in.commits;
    in.current = in.pending;
    in.owner->changed();
  }

  static constexpr struct zwp_text_input_v3_interface kInput = {
      .destroy = destroy_resource,
      .enable = enable,
      .disable = disable,
      .set_surrounding_text = set_surrounding_text,
      .set_text_change_cause = set_text_change_cause,
      .set_content_type = set_content_type,
      .set_cursor_rectangle = set_cursor_rectangle,
      .commit = commit};

  static void get_text_input(wl_client* client, wl_resource* manager, std::uint32_t id,
                             wl_resource* /*seat*/) {
    auto* self = static_cast<TextInputs*>(wl_resource_get_user_data(manager));
    auto state = std::make_unique<Input>(Input{.owner = self, .pending = {}, .current = {}});
    wl_resource* made = self->inputs_.create(self->context_, client, zwp_text_input_v3_interface, 1,
                                             id, &kInput, state.get(), [](wl_resource* resource) {
                                               const std::unique_ptr<Input> gone(&input(resource));
                                               gone->owner->changed();
                                             });
    if (made == nullptr) return;
    (void)state.release();  // owned by the resource
    if (self->focus_.get() != nullptr && self->focus_.client() == client) {
      zwp_text_input_v3_send_enter(made, self->focus_.get()->resource());
    }
  }
  static constexpr struct zwp_text_input_manager_v3_interface kManager = {
      .destroy = destroy_resource, .get_text_input = get_text_input};
};

TextInputs::TextInputs(SeatContext& context)
    : context_(context),
      global_(wl_global_create(context.display.display(), &zwp_text_input_manager_v3_interface, 1,
                               this, bind)) {
  focus_.on_gone = [this] { set_focus(nullptr); };
}

TextInputs::~TextInputs() { wl_global_destroy(global_); }

void TextInputs::bind(wl_client* client, void* data, std::uint32_t version, std::uint32_t id) {
  auto* self = static_cast<TextInputs*>(data);
  self->managers_.create(self->context_, client, zwp_text_input_manager_v3_interface, version, id,
                         &Requests::kManager, self);
}

void TextInputs::changed() {
  dirty_ = true;
  context_.display.request_end_of_turn();
}

void TextInputs::set_focus(Surface* surface) {
  if (surface == focus_.get()) return;
  inputs_.each(focus_.client(), [&](wl_resource* resource) {
    if (focus_.get() != nullptr) {
      zwp_text_input_v3_send_leave(resource, focus_.get()->resource());
    }
    // Until it enables again on the next enter, nothing of it counts.
    Requests::input(resource).current = {};
    Requests::input(resource).pending = {};
  });
  focus_.set(surface);
  inputs_.each(focus_.client(), [&](wl_resource* resource) {
    zwp_text_input_v3_send_enter(resource, surface->resource());
  });
  changed();
}

wl_resource* TextInputs::active() const {
  wl_resource* found = nullptr;
  if (focus_.get() == nullptr) return found;
  inputs_.each(focus_.client(), [&](wl_resource* resource) {
    if (Requests::input(resource).current.enabled) found = resource;
  });
  return found;
}

bool TextInputs::commit(std::string_view text) {
  wl_resource* input = active();
  if (input == nullptr) return false;
  const std::string clean = without_nul(text);
  std::string_view rest = clean;
  if (!is_utf8(rest)) return true;
  do {
    const std::string_view part = utf8_prefix(rest, kMaxMessageText);
    zwp_text_input_v3_send_commit_string(input, std::string(part).c_str());
    zwp_text_input_v3_send_done(input, Requests::input(input).commits);
    rest.remove_prefix(part.size());
  } while (!rest.empty());
  context_.display.request_end_of_turn();
  return true;
}

void TextInputs::preedit(std::string_view text, std::int32_t cursor_bytes) {
  wl_resource* input = active();
  if (input == nullptr) return;
  const std::string clean = without_nul(text);
  if (!is_utf8(clean)) return;
  const std::string part(utf8_prefix(clean, kMaxMessageText));
  std::int32_t cursor = -1;
  if (cursor_bytes >= 0) {
    const auto at = static_cast<std::size_t>(cursor_bytes);
    cursor = static_cast<std::int32_t>(utf8_prefix(part, at).size());
  }
  zwp_text_input_v3_send_preedit_string(input, part.empty() ? nullptr : part.c_str(), cursor,
                                        cursor);
  zwp_text_input_v3_send_done(input, Requests::input(input).commits);
  context_.display.request_end_of_turn();
}

void TextInputs::end_turn() {
  if (!std::exchange(dirty_, false)) return;
  TextInputState now;
  if (wl_resource* input = active(); input != nullptr) {
    const State& state = Requests::input(input).current;
    const double scale = context_.output_scale();
    const Point origin = focus_.get()->position();
    const auto pixels = [&](std::int32_t logical) {
      return static_cast<std::int32_t>(std::lround(logical * scale));
    };
    now.active = true;
    now.purpose = state.purpose;
    now.caret = {pixels(origin.x + state.caret.x), pixels(origin.y + state.caret.y),
                 pixels(state.caret.width), pixels(state.caret.height)};
  }
  if (same(now, told_)) return;
  told_ = now;
  context_.listener.on_text_input(now);
}

}  // namespace rp
