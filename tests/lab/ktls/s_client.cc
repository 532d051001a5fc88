#include "tests/lab/ktls/s_client.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include <array>
#include <csignal>

namespace rp {

SClient::SClient(EventLoop& loop, std::uint16_t port, const std::vector<std::string>& more) {
  std::array<int, 2> in{};
  std::array<int, 2> out_pipe{};
  RP_CHECK(::pipe2(in.data(), O_CLOEXEC) == 0 && ::pipe2(out_pipe.data(), O_CLOEXEC) == 0);
  std::vector<std::string> words = {"openssl", "s_client", "-connect",
                                    "127.0.0.1:" + std::to_string(port)};
  words.insert(words.end(), more.begin(), more.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  child_ = ::fork();
  RP_CHECK(child_ >= 0);
  if (child_ == 0) {
    ::dup2(in[0], 0);
    ::dup2(out_pipe[1], 1);
    ::dup2(out_pipe[1], 2);
    ::execvp("openssl", arguments.data());
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out_pipe[1]);
  input_.reset(in[1]);
  output_.reset(out_pipe[0]);
  RP_CHECK(::fcntl(output_.get(), F_SETFL, O_NONBLOCK) == 0);
  auto watch = loop.watch(output_.get(), EPOLLIN, [this](std::uint32_t) { read_some(); });
  RP_CHECK(watch.has_value());
  watch_ = std::move(*watch);
}

SClient::~SClient() {
  watch_.reset();
  if (child_ < 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

void SClient::type(const std::string& text) {
  RP_CHECK(::write(input_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

int SClient::exit_status() {
  int status = -1;
  RP_CHECK(ended_ && ::waitpid(child_, &status, 0) == child_);
  child_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void SClient::read_some() {
  std::array<char, 65'536> buffer;
  const ssize_t got = ::read(output_.get(), buffer.data(), buffer.size());
  if (got > 0) out.append(buffer.data(), static_cast<std::size_t>(got));
  if (got == 0) {
    ended_ = true;
    watch_.reset();
  }
}

}  // namespace rp
