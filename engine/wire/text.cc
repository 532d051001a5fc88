#include "engine/wire/text.h"

#include "engine/base/limits.h"
#include "engine/wire/bytes.h"

namespace rp::wire {

namespace {

bool on_boundary(std::string_view text, std::size_t at) {
  return at == text.size() ||
         (at < text.size() && (static_cast<std::uint8_t>(text[at]) & 0xC0) != 0x80);
}

void append_clipboard(std::vector<std::uint8_t>& out, MessageType type,
                      const Clipboard& clipboard) {
  ByteWriter(out, type)
      .integer(static_cast<std::uint32_t>(clipboard.text.size()))
      .blob({reinterpret_cast<const std::uint8_t*>(clipboard.text.data()), clipboard.text.size()});
}

}  // namespace

Result<Text> parse_text(const MessageView& message) {
  ByteReader in("TEXT", message.body);
  Text text;
  text.input_sequence = in.integer<std::uint32_t>("input_sequence");
  text.kind = static_cast<TextKind>(in.integer<std::uint8_t>("kind", 0, 1));
  in.skip(1);
  text.cursor = in.integer<std::uint16_t>("cursor");
  text.text = in.string("text", limits::kMaxTextBytes);
  if (!on_boundary(text.text, text.cursor)) {
    in.fail_field("cursor", "must be on a character's boundary of the text");
  }
  RP_TRY(in.finish());
  return text;
}

void append(std::vector<std::uint8_t>& out, const Text& text) {
  ByteWriter(out, MessageType::kText)
      .integer(text.input_sequence)
      .integer(static_cast<std::uint8_t>(text.kind))
      .reserved(1)
      .integer(text.cursor)
      .string(text.text);
}

Result<Clipboard> parse_clipboard(const MessageView& message) {
  ByteReader in("CLIPBOARD", message.body);
  const auto bytes = in.integer<std::uint32_t>("bytes", 0, limits::kMaxClipboardBytes);
  const auto raw = in.blob("text", bytes);
  const std::string_view text(reinterpret_cast<const char*>(raw.data()), raw.size());
  if (!is_utf8(text)) in.fail_field("text", "is not UTF-8");
  RP_TRY(in.finish());
  return Clipboard{text};
}

void append_client_clipboard(std::vector<std::uint8_t>& out, const Clipboard& clipboard) {
  append_clipboard(out, MessageType::kClipboard, clipboard);
}

void append_phone_clipboard(std::vector<std::uint8_t>& out, const Clipboard& clipboard) {
  append_clipboard(out, MessageType::kPhoneClipboard, clipboard);
}

Result<TextInput> parse_text_input(const MessageView& message) {
  ByteReader in("TEXT_INPUT", message.body);
  TextInput state;
  state.active = in.integer<std::uint8_t>("active", 0, 1) != 0;
  state.purpose = in.integer<std::uint8_t>("purpose");
  in.skip(2);
  state.x = in.integer<std::int32_t>("x");
  state.y = in.integer<std::int32_t>("y");
  state.width = in.integer<std::int32_t>("width");
  state.height = in.integer<std::int32_t>("height");
  RP_TRY(in.finish());
  return state;
}

void append(std::vector<std::uint8_t>& out, const TextInput& state) {
  ByteWriter(out, MessageType::kTextInput)
      .integer(static_cast<std::uint8_t>(state.active ? 1 : 0))
      .integer(state.purpose)
      .reserved(2)
      .integer(state.x)
      .integer(state.y)
      .integer(state.width)
      .integer(state.height);
}

}  // namespace rp::wire
