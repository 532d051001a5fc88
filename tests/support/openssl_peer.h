// OpenSslPeer: the client's side of a TLS connection, bare OpenSSL with its records in the test's
// hands: they can be sent in halves, replaced by garbage, and keys can be updated.
// Thread rule: one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

struct ssl_st;
struct ssl_ctx_st;

namespace rp {

struct OpenSslPeerOptions {
  bool tls12 = false;
  std::string cipher;  // OpenSSL's name: of a suite for 1.3, of a cipher for 1.2; empty: any
};

class OpenSslPeer {
 public:
  using Bytes = std::vector<std::uint8_t>;
  OpenSslPeer(UniqueFd socket, const OpenSslPeerOptions& options);
  OpenSslPeer(const OpenSslPeer&) = delete;
  OpenSslPeer& operator=(const OpenSslPeer&) = delete;
  ~OpenSslPeer();

  // Takes what has come and sends what is to go. Never blocks.
  void pump();
  [[nodiscard]] bool connected() const;
  // Encrypts now, sends with the next pump().
  void send(const Bytes& bytes);
  // A KeyUpdate; `wants_ours`: the other side has to change its keys too.
  void update_keys(bool wants_ours);
  void close_notify();
  // Takes the records that are to go, instead of sending them.
  [[nodiscard]] Bytes take_records();
  // Puts bytes on the socket as they are.
  void send_raw(std::span<const std::uint8_t> bytes);
  void drop() { socket_.reset(); }
  void reset_connection();

  Bytes got;
  bool closed_in_order = false;  // its close_notify has come
  bool ended = false;            // its FIN, or a reset
  std::optional<int> alert;      // the last alert that came, its description
  std::string error;             // of OpenSSL, when a record was not right

 private:
  void read_socket();
  void write_socket();
  void read_ssl();

  UniqueFd socket_;
  ssl_ctx_st* context_;
  ssl_st* ssl_;
  Bytes out_;
};

}  // namespace rp
