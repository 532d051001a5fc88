#include "engine/base/http/client.h"

#include <array>
#include <optional>
#include <utility>

namespace rp {

class HttpClient::Exchange final : public ByteStreamListener,
                                   public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(HttpClient& client, std::uint64_t id, const HttpRequest& request, Done done)
      : client_(client),
        id_(id),
        out_(serialise(request)),
        parser_(client.options_.limits, request.method == "HEAD"),
        done_(std::move(done)),
        deadline_(client.loop_.timer([this] { on_deadline(); })) {}

  void start(Duration timeout) {
    if (auto connected = connect(); !connected) return fail_later(std::move(connected).error());
    deadline_.arm_after(timeout);
  }

  // The caller hears on a later turn, never from inside send(): the timer brings it.
  void fail_later(Error error) {
    early_error_ = std::move(error);
    deadline_.arm_after(Duration(0));
  }

  void on_ready(bool readable, bool writable) override {
    const auto self = shared_from_this();
    if (writable && written_ < out_.size()) write_some();
    if (readable && stream_ != nullptr) read_some();
  }

  [[nodiscard]] Done take_done() { return std::move(done_); }

 private:
  void fail_now(Error error) { finish(std::unexpected(std::move(error))); }

  Status connect() {
    const auto* path = std::get_if<std::string>(&client_.endpoint_);
    RP_ASSIGN(UniqueFd socket, path != nullptr
                                   ? connect_unix(*path)
                                   : connect_tcp(std::get<SocketAddress>(client_.endpoint_)));
    RP_ASSIGN(stream_, SocketStream::create(std::move(socket)));
    RP_TRY(stream_->attach(client_.loop_, *this));
    stream_->set_interest(true, true);
    return {};
  }

  void on_deadline() {
    const auto self = shared_from_this();
    if (early_error_) return fail_now(std::move(*early_error_));
    fail_now({ErrorCode::kTimeout, 0, "no answer came in time"});
  }

  void write_some() {
    const auto* data = reinterpret_cast<const std::uint8_t*>(out_.data());
    const auto wrote = stream_->write(std::span(data, out_.size()).subspan(written_));
    if (wrote) {
      written_ += *wrote;
    } else if (wrote.error().code != ErrorCode::kWouldBlock) {
      // A server that refuses a long body answers and closes; its answer may be here already.
      write_error_ = wrote.error();
      written_ = out_.size();
    }
    if (written_ == out_.size()) stream_->set_interest(true, false);
  }

  void read_some() {
    std::array<std::uint8_t, 16'384> buffer;
    const auto got = stream_->read(buffer);
    if (!got && got.error().code == ErrorCode::kWouldBlock) return;
    if (!got && got.error().code != ErrorCode::kClosed) {
      return fail_now(write_error_ ? *write_error_ : got.error());
    }
    const Status fed = got ? parser_.feed(std::span(buffer).first(*got)) : parser_.feed_end();
    if (!fed) return fail_now(fed.error());
    if (parser_.done()) finish(parser_.take());
  }

  void finish(Result<HttpResponse> result) {
    stream_.reset();
    client_.finish(id_, std::move(result));
  }

  HttpClient& client_;
  std::uint64_t id_;
  std::string out_;
  std::size_t written_ = 0;
  HttpResponseParser parser_;
  Done done_;
  std::optional<Error> early_error_;
  std::optional<Error> write_error_;
  std::unique_ptr<SocketStream> stream_;
  EventLoop::Timer deadline_;
};

HttpClient::HttpClient(EventLoop& loop, HttpEndpoint endpoint, HttpClientOptions options)
    : loop_(loop), endpoint_(std::move(endpoint)), options_(options) {}

HttpClient::~HttpClient() = default;

void HttpClient::send(const HttpRequest& request, Duration timeout, Done done) {
  const std::uint64_t id = next_id_++;
  const bool full = exchanges_.size() >= options_.max_requests;
  auto exchange = std::make_shared<Exchange>(*this, id, request, std::move(done));
  exchanges_.emplace(id, exchange);
  if (full) {
    exchange->fail_later({ErrorCode::kExhausted, 0, "too many requests are under way"});
    return;
  }
  exchange->start(timeout);
}

void HttpClient::finish(std::uint64_t id, Result<HttpResponse> result) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  // Out of the table first: the callback may send again or destroy the client.
  const auto exchange = std::move(found->second);
  exchanges_.erase(found);
  exchange->take_done()(std::move(result));
}

Result<HttpResponse> fetch(const HttpEndpoint& endpoint, const HttpRequest& request,
                           Duration timeout) {
  const SystemClock clock;
  RP_ASSIGN(const auto loop, EventLoop::create(clock));
  std::optional<Result<HttpResponse>> result;
  HttpClient client(*loop, endpoint);
  client.send(request, timeout, [&](Result<HttpResponse> answer) { result = std::move(answer); });
  while (!result) loop->run_once(Duration(-1));
  return std::move(*result);
}

}  // namespace rp
