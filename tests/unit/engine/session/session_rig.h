// A session whose parts the test holds in its hands: FakeDisplay, an encoder finished by hand,
// FakeSender; time is moved by hand. Thread rule: the test's thread.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "engine/capture/fake_display.h"
#include "engine/session/session.h"
#include "engine/transport/fake_sender.h"

namespace rp {

using std::chrono::milliseconds;

struct NoComposer final : Composer {
  SharedSourceFormats formats = linear_source_formats();
  [[nodiscard]] const SharedSourceFormats& source_formats() const override { return formats; }
  bool device = false;
  bool in_batch = false;
  int batches = 0;
  int composed = 0;
  Status batch_answer;
  int looks = 0;       // at pixels, to compare or pack them
  bool grain = false;  // what is seen is other noise in each picture, which no tile packs
  Status compose(const Scene&, Picture& picture) override {
    picture.stale.clear();
    ++composed;
    return {};
  }
  void begin_batch() override { in_batch = true; }
  Status end_batch() override {
    in_batch = false;
    ++batches;
    return batch_answer;
  }
  bool on_device() const override { return device; }
  Status render(const Scene&, Rect, std::span<std::uint32_t> out) override {
    ++looks;
    std::ranges::fill(out, 0xFF000000U);
    if (grain) std::ranges::generate(out, [this] { return std::uint32_t(noise()); });
    return {};
  }
  Status scan(const Scene&, Rect area, const Row& row) override {
    ++looks;
    std::vector<std::uint32_t> pixels(static_cast<std::size_t>(area.width), 0xFF000000U);
    for (std::int32_t y = 0; y < area.height; ++y) {
      if (grain) std::ranges::generate(pixels, [this] { return std::uint32_t(noise()); });
      row(area.y + y, pixels.data());
    }
    return {};
  }
  std::mt19937 noise;
};

// In a device's own order: no CPU reads it.
struct TiledBuffer final : FrameBuffer {
  TiledBuffer() { modifier_ = 0x0100'0000'0000'0001; }
  const std::uint8_t* begin_cpu_read() override { return nullptr; }
  bool end_cpu_read() override { return true; }
};

// Keeps what it is given until the test finishes it.
class ManualEncoder final : public Encoder {
 public:
  ManualEncoder(const EncoderSettings& settings, bool device, Completion completion)
      : size_(settings.size),
        codec_(settings.codec),
        device_(device),
        completion_(std::move(completion)) {}
  bool on_device() const override { return device_; }
  Status submit(EncodeRequest& request) override {
    if (request.picture->size != size_) return fail(ErrorCode::kInvalid, "size");
    if (gone) return fail(ErrorCode::kUnavailable, "the device is gone");
    requests.push_back(std::move(request));
    ++submitted;
    return {};
  }
  void set_rate(EncoderRate rate) override { rates.push_back(rate); }
  void recycle(AccessUnit) override { ++recycled; }
  int in_flight() const override { return static_cast<int>(requests.size()); }
  bool ask_turn(std::uint32_t input_sequence) override {
    asked_with = input_sequence;
    return has_turn;
  }
  void set_on_turn(std::function<void()> on_turn) override { on_turn_ = std::move(on_turn); }
  void give_turn() {
    has_turn = true;
    on_turn_();
  }
  std::string_view name() const override { return "manual"; }

  void finish(bool settled = true, int qp = 0) {
    ASSERT_FALSE(requests.empty());
    AccessUnit unit;
    unit.codec = codec_;
    unit.qp = qp;
    unit.settled = settled;
    unit.bytes = {1, 2, 3, 4};
    unit.key = requests.front().force_key;
    unit.size = size_;
    unit.shown = requests.front().shown;
    unit.stamps = requests.front().stamps;
    requests.erase(requests.begin());
    completion_(std::move(unit));
  }
  void fail_one() {
    requests.erase(requests.begin());
    completion_(fail(ErrorCode::kInternal, "encoder broke"));
  }

  std::vector<EncodeRequest> requests;
  std::vector<EncoderRate> rates;
  int submitted = 0;
  int recycled = 0;
  bool gone = false;
  bool has_turn = true;
  std::uint32_t asked_with = 0;

 private:
  std::function<void()> on_turn_;
  Size size_;
  Codec codec_;
  bool device_;
  Completion completion_;
};

class SessionTest : public testing::Test {
 protected:
  SessionTest() { make_session(); }

  void make_session() {
    session_.reset();
    session_ = make_phone("p1");
  }

  // Another phone of the same shard; display_ and encoder_ are the last one's.
  std::unique_ptr<Session> make_phone(const std::string& id) {
    SessionParts parts{*loop_,
                       registry_,
                       [this](EventLoop& loop, const DisplayOptions& options,
                              DisplayListener& listener) -> Result<std::unique_ptr<Display>> {
                         auto display =
                             std::make_unique<FakeDisplay>(loop, std::move(options), listener);
                         display_ = display.get();
                         return display;
                       },
                       composer_,
                       tile_scratch_,
                       [this](const EncoderSettings& settings,
                              Encoder::Completion completion) -> Result<std::unique_ptr<Encoder>> {
                         codecs_asked_.push_back(settings.codec);
                         if (std::ranges::find(codecs_, settings.codec) == codecs_.end()) {
                           return fail(ErrorCode::kUnsupported, "no such encoder");
                         }
                         ++encoders_made_;
                         auto encoder = std::make_unique<ManualEncoder>(settings, device_encoder_,
                                                                        std::move(completion));
                         encoder_ = encoder.get();
                         return encoder;
                       }};
    parts.batch = batch_.get();
    SessionOptions options;
    options.id = id;
    options.name = "Phone 1";
    options.own_scale_120 = own_scale_120_;
    options.test_codec = test_codec_;
    return *Session::create(std::move(parts), std::move(options));
  }

  void turn(Duration advance = Duration(0)) {
    clock_.advance(advance);
    for (int i = 0; i < 4; ++i) loop_->run_once(Duration(0));
  }
  FakeSender& attach(std::uint32_t features = 0, std::uint32_t codecs = wire::kCodecH264) {
    return attach_to(*session_, features, codecs);
  }
  FakeSender& attach_to(Session& session, std::uint32_t features, std::uint32_t codecs) {
    auto sender = std::make_unique<FakeSender>(*loop_);
    FakeSender& fake = *sender;
    session.attach(std::move(sender), {"ada", "s1", "", "192.0.2.1"});
    wire::Hello hello;
    hello.width_px = 720;
    hello.height_px = 1280;
    hello.features = features;
    hello.codecs = codecs;
    receive(fake, hello);
    return fake;
  }
  template <typename Message>
  void receive(FakeSender& sender, const Message& message) {
    std::vector<std::uint8_t> bytes;
    wire::append(bytes, message);
    sender.receive(std::move(bytes));
    turn();
  }
  void acknowledge(FakeSender& sender) {
    wire::Ack ack;
    ack.sequence = sender.frames().back().sequence;
    receive(sender, ack);
  }
  // A viewer with its first picture shown, everything at rest.
  FakeSender& settled() {
    FakeSender& sender = attach();
    encoder_->finish(false);
    turn();
    acknowledge(sender);
    turn(milliseconds(100));
    encoder_->finish();  // the refinement
    turn();
    acknowledge(sender);
    turn(milliseconds(100));
    return sender;
  }
  void damage() {
    display_->damage({0, 0, 100, 100});
    turn();
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = *EventLoop::create(clock_);
  Registry registry_;
  TileScratch tile_scratch_;
  std::shared_ptr<NoComposer> composer_ = std::make_shared<NoComposer>();
  std::unique_ptr<ComposeBatch> batch_;  // none: each picture by itself
  FakeDisplay* display_ = nullptr;
  ManualEncoder* encoder_ = nullptr;
  int encoders_made_ = 0;
  bool device_encoder_ = false;                 // those made from now on
  std::vector<Codec> codecs_ = {Codec::kH264};  // that there are encoders for
  std::vector<Codec> codecs_asked_;
  bool test_codec_ = false;
  std::int32_t own_scale_120_ = 0;
  std::unique_ptr<Session> session_;
};

}  // namespace rp
