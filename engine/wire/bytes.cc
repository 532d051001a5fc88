#include "engine/wire/bytes.h"

#include <bit>

namespace rp::wire {

static_assert(std::endian::native == std::endian::little, "fields are copied as they lie");

namespace {

// Bytes of the well-formed UTF-8 sequence at the front of `text` (Unicode 15, table 3-7), or 0.
std::size_t sequence_bytes(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto between = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && at(i) >= low && at(i) <= high;
  };
  const std::uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return between(1, 0x80, 0xBF) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;
    return between(1, low, high) && between(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    return between(1, low, high) && between(2, 0x80, 0xBF) && between(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = sequence_bytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

void ByteReader::fail_field(const char* field, std::string_view what) {
  if (failed()) return;
  error_ = std::string(message_) + " " + field + " ";
  error_ += what;
}

void ByteReader::fail_short(const char* field) { fail_field(field, "is missing: body too short"); }

void ByteReader::fail_range(const char* field, std::int64_t low, std::int64_t high) {
  fail_field(field, "must be " + std::to_string(low) + " to " + std::to_string(high));
}

Status ByteReader::finish() const {
  if (failed()) return fail(ErrorCode::kInvalid, error_);
  return {};
}

void ByteReader::skip(std::size_t bytes) { (void)blob("reserved", bytes); }

std::span<const std::uint8_t> ByteReader::blob(const char* field, std::size_t bytes) {
  if (failed()) return {};
  if (left_.size() < bytes) {
    fail_short(field);
    return {};
  }
  const auto taken = left_.first(bytes);
  left_ = left_.subspan(bytes);
  return taken;
}

std::string_view ByteReader::string(const char* field, std::size_t max_bytes) {
  const std::size_t bytes = integer<std::uint16_t>(field);
  if (!failed() && bytes > max_bytes) {
    fail_field(field, "must be at most " + std::to_string(max_bytes) + " bytes");
  }
  const auto raw = blob(field, bytes);
  if (failed() || raw.empty()) return {};
  const std::string_view text(reinterpret_cast<const char*>(raw.data()), raw.size());
  if (!is_utf8(text)) fail_field(field, "is not UTF-8");
  if (text.find('\0') != std::string_view::npos) fail_field(field, "holds U+0000");
  return failed() ? std::string_view() : text;
}

ByteWriter::ByteWriter(std::vector<std::uint8_t>& out, MessageType type, std::uint8_t flags,
                       std::uint16_t stream)
    : out_(out), body_begin_(out.size() + kHeaderBytes) {
  integer(static_cast<std::uint8_t>(type)).integer(flags).integer(stream).integer(std::uint32_t{0});
}

ByteWriter::~ByteWriter() {
  const auto bytes = static_cast<std::uint32_t>(out_.size() - body_begin_);
  std::memcpy(out_.data() + body_begin_ - sizeof bytes, &bytes, sizeof bytes);
}

ByteWriter& ByteWriter::reserved(std::size_t bytes) {
  out_.insert(out_.end(), bytes, 0);
  return *this;
}

ByteWriter& ByteWriter::string(std::string_view text) {
  if (text.size() > UINT16_MAX) {
    std::size_t end = UINT16_MAX;
    while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  integer(static_cast<std::uint16_t>(text.size()));
  return blob({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

ByteWriter& ByteWriter::blob(std::span<const std::uint8_t> bytes) {
  out_.insert(out_.end(), bytes.begin(), bytes.end());
  return *this;
}

}  // namespace rp::wire
