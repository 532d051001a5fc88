// Goal: selections' bytes pass through pipes whole, and a peer that stalls, floods or vanishes
// costs only its transfer. Method: real pipes on a loop with a fake clock, the peer's end driven by
// hand.
#include "engine/capture/seat/transfer.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <optional>

#include <gtest/gtest.h>

#include "engine/base/limits.h"

namespace rp {
namespace {

class TransferTest : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    auto loop = EventLoop::create(clock_);
    ASSERT_TRUE(loop);
    loop_ = std::move(*loop);
    auto pipe = create_transfer_pipe();
    ASSERT_TRUE(pipe);
    pipe_ = std::move(*pipe);
  }

  void start_reading() {
    auto started =
        ReadTransfer::start(*loop_, std::move(pipe_.read), [this](Result<std::string> r) {
          result_ = std::move(r);
          transfer_.reset();
        });
    ASSERT_TRUE(started);
    transfer_ = std::move(*started);
  }

  // Writes as much as the pipe takes; returns false once the reader is gone.
  bool feed(const std::string& bytes) {
    fcntl(pipe_.write.get(), F_SETFL, O_NONBLOCK);
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n = write(pipe_.write.get(), bytes.data() + done, bytes.size() - done);
      if (n > 0) {
        done += static_cast<std::size_t>(n);
      } else if (errno != EAGAIN) {
        return false;
      }
      loop_->run_once(Duration(0));
    }
    return true;
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_;
  Pipe pipe_;
  std::unique_ptr<ReadTransfer> transfer_;
  std::optional<Result<std::string>> result_;
};

TEST_F(TransferTest, ReadsToTheEnd) {
  start_reading();
  const std::string text(300'000, 'x');
  ASSERT_TRUE(feed(text));
  EXPECT_FALSE(result_);
  pipe_.write.reset();
  for (int i = 0; i < 50 && !result_; ++i) loop_->run_once(Duration(0));
  ASSERT_TRUE(result_ && *result_);
  EXPECT_EQ(**result_, text);
}

TEST_F(TransferTest, GivesUpOverTheBound) {
  start_reading();
  EXPECT_FALSE(feed(std::string(limits::kMaxClipboardBytes * 2, 'x')));
  ASSERT_TRUE(result_);
  ASSERT_FALSE(*result_);
  EXPECT_EQ(result_->error().code, ErrorCode::kExhausted);
}

TEST_F(TransferTest, ExactlyTheBoundPasses) {
  start_reading();
  ASSERT_TRUE(feed(std::string(limits::kMaxClipboardBytes, 'x')));
  pipe_.write.reset();
  for (int i = 0; i < 50 && !result_; ++i) loop_->run_once(Duration(0));
  ASSERT_TRUE(result_ && *result_);
  EXPECT_EQ((**result_).size(), limits::kMaxClipboardBytes);
}

TEST_F(TransferTest, GivesUpAtTheDeadline) {
  start_reading();
  ASSERT_TRUE(feed("some"));
  clock_.advance(kTransferDeadline - Duration(1));
  loop_->run_once(Duration(0));
  EXPECT_FALSE(result_);
  clock_.advance(Duration(1));
  loop_->run_once(Duration(0));
  ASSERT_TRUE(result_);
  ASSERT_FALSE(*result_);
  EXPECT_EQ(result_->error().code, ErrorCode::kTimeout);
}

TEST_F(TransferTest, WritesAsTheReaderTakes) {
  WriteTransfers transfers(*loop_);
  const auto text = std::make_shared<const std::string>(500'000, 'y');
  transfers.start(std::move(pipe_.write), text);
  std::string read_back;
  std::string buffer(4096, '\0');
  for (int i = 0; i < 10'000 && read_back.size() < text->size(); ++i) {
    loop_->run_once(Duration(0));
    const ssize_t n = read(pipe_.read.get(), buffer.data(), buffer.size());
    if (n > 0) read_back.append(buffer, 0, static_cast<std::size_t>(n));
  }
  EXPECT_EQ(read_back, *text);
  EXPECT_EQ(transfers.count(), 0U);
  EXPECT_EQ(read(pipe_.read.get(), buffer.data(), buffer.size()), 0) << "closed at the end";
}

TEST_F(TransferTest, StalledReadersEndAtTheDeadline) {
  WriteTransfers transfers(*loop_);
  transfers.start(std::move(pipe_.write), std::make_shared<const std::string>(500'000, 'y'));
  loop_->run_once(Duration(0));
  EXPECT_EQ(transfers.count(), 1U);
  clock_.advance(kTransferDeadline);
  loop_->run_once(Duration(0));
  EXPECT_EQ(transfers.count(), 0U);
}

TEST_F(TransferTest, VanishedReaderEndsTheTransfer) {
  WriteTransfers transfers(*loop_);
  transfers.start(std::move(pipe_.write), std::make_shared<const std::string>("text"));
  pipe_.read.reset();
  loop_->run_once(Duration(0));
  EXPECT_EQ(transfers.count(), 0U);
}

TEST_F(TransferTest, WritesToPseudoTerminalsAndLeavesThemAsTheyWere) {
  UniqueFd terminal(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal) GTEST_SKIP() << "no pseudo-terminals here";
  ASSERT_EQ(grantpt(terminal.get()) | unlockpt(terminal.get()), 0);
  const UniqueFd inside(open(ptsname(terminal.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(inside);
  auto given = terminal.duplicate();
  ASSERT_TRUE(given);
  WriteTransfers transfers(*loop_);
  transfers.start(std::move(*given), std::make_shared<const std::string>("paste\n"));
  EXPECT_EQ(transfers.count(), 1U);
  loop_->run_once(Duration(0));
  EXPECT_EQ(transfers.count(), 0U);
  std::array<char, 16> line{};
  EXPECT_EQ(read(inside.get(), line.data(), line.size()), 6);
  EXPECT_EQ(fcntl(terminal.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(TransferTest, RefusesFilesAndFloods) {
  WriteTransfers transfers(*loop_);
  const auto text = std::make_shared<const std::string>("text");
  transfers.start(UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC)), text);
  auto file = create_memory_file("not a pipe", 16);
  ASSERT_TRUE(file);
  transfers.start(std::move(*file), text);
  EXPECT_EQ(transfers.count(), 0U);
  std::vector<Pipe> pipes;
  for (std::size_t i = 0; i < limits::kMaxTransfers + 5; ++i) {
    auto pipe = create_transfer_pipe();
    ASSERT_TRUE(pipe);
    transfers.start(std::move(pipe->write), text);
    pipes.push_back(std::move(*pipe));
  }
  EXPECT_EQ(transfers.count(), limits::kMaxTransfers);
}

}  // namespace
}  // namespace rp
