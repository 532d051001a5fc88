// TlsStream: a ByteStream of TLS over a non-blocking socket, either side. The handshake happens
// inside the first read() or write(); until it is done they say kWouldBlock, and kTimeout once it
// took too long.
//
//   write(parts) ─► OpenSSL ─► records of at most 16 KiB ─► socket
//   read(buffer) ◄─ OpenSSL ◄─ one record at most ◄──────── socket
//
// With an offload in its context, expect_bulk() gives the sending side away, if it is taken, and
// write(parts) goes straight to the socket. Receiving stays with OpenSSL until hand_over(), so that
// a peer may change its keys at any time (docs/adr/0011-kernel-tls.md).
// Thread rule: as ByteStream.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/byte_stream.h"
#include "engine/base/unique_fd.h"
#include "engine/transport/tls_context.h"
#include "engine/transport/tls_record_watch.h"

struct ssl_st;  // OpenSSL's SSL

namespace rp {

class TlsStream final : public ByteStream {
 public:
  static constexpr Duration kHandshakeTimeout = std::chrono::seconds(10);

  // The server's side of a connected socket.
  [[nodiscard]] static Result<std::unique_ptr<TlsStream>> accept(
      std::shared_ptr<TlsContext> context, UniqueFd socket);
  // The client's side; the socket may still be connecting. `server_name` is sent (SNI) when it is
  // not an address, and is what a verifying context holds the certificate to.
  [[nodiscard]] static Result<std::unique_ptr<TlsStream>> connect(
      std::shared_ptr<TlsContext> context, UniqueFd socket, const std::string& server_name);
  ~TlsStream() override;

  [[nodiscard]] Status attach(EventLoop& loop, ByteStreamListener& listener) override;
  void detach() override;
  void set_interest(bool read, bool write) override;
  using ByteStream::write;
  [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> buffer) override;
  [[nodiscard]] Result<std::size_t> write(std::span<const iovec> parts) override;
  [[nodiscard]] Status finish_writing() override;
  void expect_bulk() override;
  // kUnsupported without an offload that takes both directions of this connection.
  [[nodiscard]] Result<HandedStream> hand_over() override;
  [[nodiscard]] int fd() const override { return socket_.get(); }
  [[nodiscard]] const std::string& peer() const override { return peer_; }
  // "TLSv1.3"; empty before the handshake is done.
  [[nodiscard]] std::string version() const;
  // Who makes the records that are sent.
  [[nodiscard]] RecordCarrier sent_by() const { return sent_by_; }

 private:
  TlsStream(std::shared_ptr<TlsContext> context, ssl_st* ssl, UniqueFd socket);
  [[nodiscard]] static Result<std::unique_ptr<TlsStream>> create(
      std::shared_ptr<TlsContext> context, UniqueFd socket);
  void on_events(std::uint32_t events);
  void update_events();
  // What an operation that returned `result` failed with; notes what it waits for.
  [[nodiscard]] Error error_of(int result, const char* operation, bool& wants_other);
  [[nodiscard]] std::span<const std::uint8_t> gather(std::span<const iovec> parts,
                                                     std::size_t skip);
  [[nodiscard]] Result<std::size_t> read_kept(std::span<std::uint8_t> buffer);
  // tls_stream_offload.cc: what is different once OpenSSL does not send.
  [[nodiscard]] Status take_over_sending();
  [[nodiscard]] Result<std::size_t> write_past_openssl(std::span<const iovec> parts);
  [[nodiscard]] Status finish_past_openssl();
  [[nodiscard]] Status say_alert();
  void serve_openssl();
  [[nodiscard]] Status answer_key_update();
  [[nodiscard]] Status keep_decrypted();

  std::shared_ptr<TlsContext> context_;  // shared by all connections of a listener
  ssl_st* ssl_;
  UniqueFd socket_;
  std::string peer_;
  EventLoop* loop_ = nullptr;
  ByteStreamListener* listener_ = nullptr;
  EventLoop::Watch watch_;
  EventLoop::Timer buffered_;  // OpenSSL holds decrypted bytes that epoll cannot know of
  EventLoop::Timer handshake_deadline_;
  bool want_read_ = false;
  bool want_write_ = false;
  bool read_needs_writable_ = false;
  bool write_needs_readable_ = false;
  bool timed_out_ = false;
  bool write_unfinished_ = false;            // OpenSSL holds a record that is partly written
  std::unique_ptr<TlsRecordWatch> records_;  // when the context has an offload
  RecordCarrier sent_by_ = RecordCarrier::kProcess;
  std::optional<Error> failed_;       // the connection has ended, past OpenSSL
  std::vector<std::uint8_t> unread_;  // decrypted for a hand-over that had to wait
  std::vector<std::uint8_t> record_;  // joins small parts to one record
};

}  // namespace rp
