// TlsContext: what all TLS connections of one side share: certificate, versions, ciphers, session
// tickets. Thread rule: made once, then used from any thread (OpenSSL counts references
// atomically).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "engine/base/metrics.h"
#include "engine/base/result.h"
#include "engine/transport/record_offload.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace rp {

struct TlsServerOptions {
  std::string certificate_file;  // PEM, the leaf first, then its chain
  std::string key_file;          // PEM
  bool allow_tls12 = false;      // 1.3 only otherwise
  // Who may take over the records of connections that carry much; null: OpenSSL does all. Must
  // outlive the context.
  RecordOffload* offload = nullptr;
};

struct TlsClientOptions {
  // PEM of the authorities to trust. Empty: the peer is not verified (tests and benches on
  // loopback).
  std::string authority_file;
  RecordOffload* offload = nullptr;  // as a server's
};

// Of all connections of a context.
struct TlsCounters {
  Counter by_process;           // streams whose records OpenSSL goes on doing
  Counter by_kernel;            // … the kernel sends
  Counter by_card;              // … the network card sends
  Counter refused;              // of by_process: the offload was asked and could not
  Counter key_updates;          // by peers of offloaded streams
  Counter ended_by_key_update;  // a new key was wanted that the offload cannot take
  Counter handed_over;          // given to another process
};

class TlsContext {
 public:
  // kInvalid when certificate and key do not belong together or cannot be read as PEM; the message
  // names the file. Ignores SIGPIPE in the process, since OpenSSL writes to sockets with write(2).
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> create_server(
      const TlsServerOptions& options);
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> create_client(
      const TlsClientOptions& options);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  [[nodiscard]] ssl_ctx_st* get() const { return context_; }
  [[nodiscard]] bool verifies_peer() const { return verifies_peer_; }
  [[nodiscard]] RecordOffload* offload() const { return offload_; }
  [[nodiscard]] const TlsCounters& counters() const { return counters_; }
  // Adds to one of them: context.count(&TlsCounters::refused). Events are rare, hence the lock.
  void count(Counter TlsCounters::*which, std::uint64_t by = 1);

 private:
  TlsContext(ssl_ctx_st* context, RecordOffload* offload);
  ssl_ctx_st* context_;
  RecordOffload* offload_;
  TlsCounters counters_;
  std::mutex counting_;
  bool verifies_peer_ = false;
};

// The oldest error of OpenSSL's queue of this thread as text, the queue emptied.
[[nodiscard]] std::string take_tls_error();

}  // namespace rp
