// StreamEnd: one end of a ByteStream on a loop: writes what it is told, keeps what comes, and why
// it ended. Thread rule: the loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/byte_stream.h"

namespace rp {

class StreamEnd final : public ByteStreamListener {
 public:
  using Bytes = std::vector<std::uint8_t>;
  StreamEnd(EventLoop& loop, std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {
    RP_CHECK(stream_->attach(loop, *this).has_value());
    update();
  }
  void send(const Bytes& bytes) {
    to_send_.insert(to_send_.end(), bytes.begin(), bytes.end());
    update();
  }
  void read_in_pieces_of(std::size_t bytes) { piece_ = bytes; }
  ByteStream& stream() { return *stream_; }
  void drop() { stream_.reset(); }
  [[nodiscard]] bool all_sent() const { return sent_ == to_send_.size(); }

  Bytes got;
  std::optional<Error> ended;

 private:
  void on_ready(bool readable, bool writable) override {
    if (writable && sent_ < to_send_.size()) {
      const auto put = stream_->write(std::span<const std::uint8_t>(to_send_).subspan(sent_));
      if (put) sent_ += *put;
      if (!put && put.error().code != ErrorCode::kWouldBlock) note(put.error());
    }
    if (readable && !ended) {
      Bytes buffer(piece_);
      const auto count = stream_->read(buffer);
      if (count) got.insert(got.end(), buffer.begin(), buffer.begin() + static_cast<long>(*count));
      if (!count && count.error().code != ErrorCode::kWouldBlock) note(count.error());
    }
    update();
  }
  void note(const Error& error) {
    ended = error;
    stream_->detach();
  }
  void update() {
    if (!ended) stream_->set_interest(true, sent_ < to_send_.size());
  }

  std::unique_ptr<ByteStream> stream_;
  Bytes to_send_;
  std::size_t sent_ = 0;
  std::size_t piece_ = 16'384;
};

}  // namespace rp
