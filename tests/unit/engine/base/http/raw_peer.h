// RawPeer: a peer of the server under test that sends any bytes it likes, in any pieces, and sees
// what comes back as text. Turns the server's loop itself, so a test is one thread and waits on
// conditions.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "engine/base/event_loop.h"
#include "engine/base/socket_stream.h"

namespace rp::test {

// Turns the loop until `done` or 5 s of real time have passed.
inline bool turn_until(EventLoop& loop, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    loop.run_once(std::chrono::milliseconds(1));
  }
  return true;
}

class RawPeer {
 public:
  RawPeer(EventLoop& loop, UniqueFd socket) : loop_(loop), socket_(std::move(socket)) {}

  // Sends all of it, turning the loop while the socket is full. False when the server closed.
  bool send(std::string_view bytes) {
    return turn_until(loop_,
                      [&] {
                        const ssize_t put =
                            ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
                        if (put > 0) bytes.remove_prefix(static_cast<std::size_t>(put));
                        if (put < 0 && errno != EAGAIN) closed_ = true;
                        receive();
                        return bytes.empty() || closed_;
                      }) &&
           bytes.empty();
  }
  // Turns until `text` has been received.
  bool wait_for(std::string_view text) {
    return turn_until(loop_, [&] {
      receive();
      return received_.find(text) != std::string::npos;
    });
  }
  bool wait_closed() {
    return turn_until(loop_, [&] {
      receive();
      return closed_;
    });
  }
  [[nodiscard]] const std::string& received() const { return received_; }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] std::size_t count(std::string_view text) const {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = received_.find(text, at)) != std::string::npos; ++at) ++found;
    return found;
  }
  void end_writing() { ::shutdown(socket_.get(), SHUT_WR); }
  void vanish() { socket_.reset(); }

 private:
  void receive() {
    char buffer[4096];
    ssize_t got = 0;
    while ((got = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
      received_.append(buffer, static_cast<std::size_t>(got));
    }
    if (got == 0 || (got < 0 && errno != EAGAIN)) closed_ = true;
  }

  EventLoop& loop_;
  UniqueFd socket_;
  std::string received_;
  bool closed_ = false;
};

}  // namespace rp::test
