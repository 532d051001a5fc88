#include "engine/capture/seat/data_source.h"

#include <algorithm>
#include <array>

#include "engine/base/log.h"
#include "engine/capture/seat/typing.h"

namespace rp {
namespace {

// In the order they are wanted; the X11 names are what older toolkits offer.
constexpr std::array<std::string_view, 5> kTextTypes = {"text/plain;charset=utf-8", "UTF8_STRING",
                                                        "text/plain", "TEXT", "STRING"};

}  // namespace

bool DataSource::offers(std::string_view mime_type) const {
  return std::ranges::find(mime_types_, mime_type) != mime_types_.end();
}

const std::string* DataSource::text_type() const {
  for (const std::string_view wanted : kTextTypes) {
    const auto found = std::ranges::find(mime_types_, wanted);
    if (found != mime_types_.end()) return &*found;
  }
  return nullptr;
}

TextSource::TextSource(WriteTransfers& transfers, std::string text)
    : transfers_(transfers), text_(std::make_shared<const std::string>(std::move(text))) {
  mime_types_.assign(kTextTypes.begin(), kTextTypes.end());
}

void TextSource::send(const std::string& /*mime_type*/, UniqueFd fd) {
  transfers_.start(std::move(fd), text_);
}

void TextReader::read(DataSource& source) {
  transfer_.reset();
  const std::string* type = source.text_type();
  if (type == nullptr) return;
  auto pipe = create_transfer_pipe();
  if (!pipe) return finished(forward(std::move(pipe).error()));
  auto started =
      ReadTransfer::start(loop_, std::move(pipe->read),
                          [this](Result<std::string> text) { finished(std::move(text)); });
  if (!started) return finished(forward(std::move(started).error()));
  transfer_ = std::move(*started);
  source.send(*type, std::move(pipe->write));
}

void TextReader::finished(Result<std::string> text) {
  transfer_.reset();
  if (!text) {
    log_limited(LogLevel::kWarning, "seat.selection_unread", {{"error", text.error()}});
    return;
  }
  if (!is_utf8(*text)) {
    log_limited(LogLevel::kWarning, "seat.selection_unread", {{"error", "it is not UTF-8"}});
    return;
  }
  done_(std::move(*text));
}

}  // namespace rp
