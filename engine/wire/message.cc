#include "engine/wire/message.h"

#include "engine/wire/bytes.h"

namespace rp::wire {

Result<MessageView> MessageReader::next() {
  ByteReader reader("message", left_);
  MessageView view;
  view.type = static_cast<MessageType>(reader.integer<std::uint8_t>("type"));
  view.flags = reader.integer<std::uint8_t>("flags");
  view.stream = reader.integer<std::uint16_t>("stream");
  const auto body_bytes = reader.integer<std::uint32_t>("body_bytes");
  view.body = reader.blob("body", body_bytes);
  RP_TRY(reader.finish());
  left_ = reader.rest();
  return view;
}

}  // namespace rp::wire
