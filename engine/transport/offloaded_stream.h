// OffloadedStream: a ByteStream over a socket whose TLS records somebody else does both ways
// (RecordOffload): what a process that was handed a connection goes on with. It has no key and
// needs none: data is plain, and TLS's own messages come marked with their type.
//
// When the peer changes its keys nobody here knows the new ones: the stream ends with a
// close_notify and kUnavailable, and the viewer comes back with a new connection.
// Thread rule: as ByteStream.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/byte_stream.h"
#include "engine/base/unique_fd.h"
#include "engine/transport/record_offload.h"

namespace rp {

class OffloadedStream final : public ByteStream {
 public:
  // `handed` must be of kind kTlsRecords, else kInvalid. `offload` must be of the kind that has the
  // socket's keys, and outlive the stream.
  [[nodiscard]] static Result<std::unique_ptr<OffloadedStream>> create(RecordOffload& offload,
                                                                       HandedStream handed);

  [[nodiscard]] Status attach(EventLoop& loop, ByteStreamListener& listener) override;
  void detach() override;
  void set_interest(bool read, bool write) override;
  using ByteStream::write;
  [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> buffer) override;
  [[nodiscard]] Result<std::size_t> write(std::span<const iovec> parts) override;
  [[nodiscard]] Status finish_writing() override;
  [[nodiscard]] Result<HandedStream> hand_over() override;
  [[nodiscard]] int fd() const override { return socket_.get(); }
  [[nodiscard]] const std::string& peer() const override { return peer_; }

 private:
  OffloadedStream(RecordOffload& offload, HandedStream handed, std::string peer)
      : offload_(offload),
        socket_(std::move(handed.socket)),
        peer_(std::move(peer)),
        unread_(std::move(handed.unread)) {}
  [[nodiscard]] Error on_control(RecordType type, std::span<const std::uint8_t> bytes);
  [[nodiscard]] Error end_with(std::uint8_t level, std::uint8_t description, Error why);

  RecordOffload& offload_;
  UniqueFd socket_;
  std::string peer_;
  std::vector<std::uint8_t> unread_;
  std::array<std::uint8_t, 2> alert_{};  // of the peer, as far as it has come
  std::size_t alert_bytes_ = 0;
  std::optional<Error> failed_;
  ByteStreamListener* listener_ = nullptr;
  EventLoop::Watch watch_;
  EventLoop::Timer kept_;  // epoll does not know of unread_
  bool want_read_ = false;
};

}  // namespace rp
