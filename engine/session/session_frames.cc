// The way of a frame through a session: when one is taken, by which way it goes, what happens to it
// until the viewer's sender has it.
#include <algorithm>
#include <utility>

#include "engine/base/log.h"
#include "engine/compose/layer_check.h"
#include "engine/frame/scene_window.h"
#include "engine/session/session.h"
#include "engine/session/span.h"

namespace rp {
namespace {

// A phone nobody watches may draw this often: enough to start up and keep its clock right.
constexpr Duration kUnwatchedInterval = std::chrono::milliseconds(200);
// One being written, one in the encoder, one whose memory is on its way back.
constexpr int kPictures = 3;
// When nothing has changed for so long, the picture is made as good as it gets: without loss by
// tiles, or by encoding it again until it is as fine as the encoder makes it.
constexpr Duration kRest = std::chrono::milliseconds(100);
// More than one part of it holds the link (kRest_ms): no queue stands that an answer would wait in.
constexpr Duration kNextTiles = std::chrono::milliseconds(24);
constexpr int kMostRefinements = 40;  // an encoder that is never content is not asked forever
constexpr std::uint32_t kStartBitrate_kbps = 4'000;
// Tiles may hold the link so long: for a change, as video would; at rest, little enough that a
// change that comes then does not wait.
constexpr std::uint32_t kChange_ms = 30;
constexpr std::uint32_t kRest_ms = 20;
constexpr std::size_t kLeastBytes = 1'500;  // a packet's worth always may go
constexpr std::size_t kMostBytes = 128 * 1024;
constexpr std::size_t kMostSpare = 2;

bool cpu_reads(const Layer& layer) { return layer.buffer == nullptr || is_linear(*layer.buffer); }

}  // namespace

void Session::on_frame_wanted() {
  frame_wanted_ = true;
  pump();
}

void Session::pump() {
  if (!frame_wanted_ && !((refresh_ || refine_) && watched())) return;
  const TimePoint now = parts_.loop.clock().now();
  if (!watched()) {
    pump_unwatched(now);
    return;
  }
  const bool stage_busy = unit_.has_value() || composing_.has_value() ||
                          (encoder_ != nullptr && encoder_->in_flight() > 0) ||
                          !viewer_->can_take_frame();
  if (stage_busy) {
    if (waiting_since_.us == 0) waiting_since_ = now;
    return;
  }
  if (pacer_.capture_at() > now) {
    capture_timer_.arm_at(pacer_.capture_at());
    return;
  }
  // On a full machine other phones may come first with their video; on_turn pumps again.
  if (encoder_ != nullptr && video_expected_ && !encoder_->ask_turn(inputs_.newest_before(now))) {
    if (waiting_since_.us == 0) waiting_since_ = now;
    return;
  }
  note_wait(now);
  capture(now);
}

// Counts the frames the phone could have shown while a later stage was busy.
void Session::note_wait(TimePoint now) {
  if (waiting_since_.us == 0) return;
  const Duration waited = now - std::exchange(waiting_since_, TimePoint{0});
  metrics_.skipped.add(static_cast<std::uint64_t>(waited / pacer_.interval()));
}

void Session::pump_unwatched(TimePoint now) {
  const TimePoint due = pacer_.callbacks_at() + kUnwatchedInterval;
  if (due > now) {
    capture_timer_.arm_at(due);
    return;
  }
  // Nothing is composed: the next viewer starts with a whole picture.
  frame_wanted_ = false;
  refresh_ = true;
  const Scene scene = display_->take_scene();
  if (pool_ != nullptr) pool_->add_damage(scene.damage);
  pacer_.callbacks_sent(now);
  display_->frame_done(now, ++shown_);
}

// Told when the phone draws next: until then nothing is allocated.
void Session::tell_source_formats() {
  const SharedSourceFormats& formats = composer_->source_formats();
  if (formats == options_.display.source_formats) return;
  options_.display.source_formats = formats;
  display_->set_source_formats(formats);
}

void Session::capture(TimePoint now) {
  frame_wanted_ = false;
  tell_source_formats();
  const Scene scene = display_->take_scene();
  fit(scene.output);
  const bool refine = std::exchange(refine_, false);
  look_for_devices();
  cpu_reads_all_ = std::ranges::all_of(scene.layers, cpu_reads);
  video_expected_ = refresh_ || !takes_tiles();
  if (refresh_ || (!cpu_reads_all_ && !devices_alone_)) tiles_.all_by_video();
  if (refresh_) {
    encode(scene, now, {});
  } else if (!takes_tiles()) {
    if (!scene.damage.empty() || refine) encode(scene, now, {});
  } else if (!capture_tiles(scene, now) && refine && !tiles_.exact()) {
    AccessUnit unit = spare_unit();
    tiles_.make_exact(scene, *composer_, tile_bytes(kRest_ms), unit);
    send_tiles(std::move(unit), scene, now, true);
  }
  callbacks_pending(now);
}

// Tiles are compared and packed by the CPU. Where one device draws and another encodes it would
// have to read from a GPU's memory what nobody else touches, so all goes by video there.
void Session::look_for_devices() {
  const bool alone = device_encodes_ && composer_->on_device();
  if (std::exchange(devices_alone_, alone) && !alone) tiles_.all_by_video();
}

// False when the scene shows what the viewer sees already.
bool Session::capture_tiles(const Scene& scene, TimePoint now) {
  AccessUnit unit = spare_unit();
  const TilePath::Verdict verdict = tiles_.look(scene, *composer_, tile_bytes(kChange_ms), unit);
  if (verdict.kind == TilePath::Kind::kTiles) {
    send_tiles(std::move(unit), scene, now, false);
    return true;
  }
  give_back(std::move(unit.bytes));
  if (verdict.kind != TilePath::Kind::kVideo) return false;
  video_expected_ = true;
  encode(scene, now, verdict.shown);
  return true;
}

void Session::send_tiles(AccessUnit unit, const Scene& scene, TimePoint now, bool at_rest) {
  const TimePoint packed = parts_.loop.clock().now();
  unit.key = false;
  unit.settled = tiles_.exact();
  unit.size = scene.output;
  unit.stamps = stamps_of(scene, now);
  unit.stamps.composed = packed;
  unit.stamps.encode_begin = packed;
  unit.stamps.encoded = packed;
  metrics_.capture.observe((now - unit.stamps.committed).count());
  metrics_.tiles.observe((packed - now).count());
  unit_is_refinement_ = at_rest;
  pacer_.captured(now);
  unit_ = std::move(unit);
  send_unit();
}

FrameStamps Session::stamps_of(const Scene& scene, TimePoint now) const {
  FrameStamps stamps;
  stamps.captured = now;
  stamps.committed = scene.damage.empty() ? now : scene.committed;
  stamps.input_sequence = inputs_.newest_before(stamps.committed);
  return stamps;
}

// Hands the scene to the encoder; the viewer is to show `shown` of it, all when that is empty.
void Session::encode(const Scene& scene, TimePoint now, Rect shown) {
  const Rect all{0, 0, scene.output.width, scene.output.height};
  const Rect window = video_window_.choose(shown, now);
  if (!prepare_encoder(window, shown.empty() ? all : shown)) return;
  Region damage = scene.damage;
  damage.add(refresh_ ? all : shown);
  damage.translate(-window.x, -window.y);
  damage.intersect({0, 0, window.width, window.height});
  pool_->add_damage(damage);
  EncodeRequest request;
  request.picture = pool_->acquire();
  if (!request.picture) {  // the encoder has yet to give its pictures back; its completion pumps
    frame_wanted_ = true;
    refresh_ = true;
    return;
  }
  request.force_key = refresh_;
  if (!shown.empty()) {
    request.shown = {shown.x - window.x, shown.y - window.y, shown.width, shown.height};
  }
  request.stamps = stamps_of(scene, now);
  unit_is_refinement_ = !refresh_ && scene.damage.empty();
  refresh_ = false;
  pacer_.captured(now);
  Picture& picture = *request.picture;
  composing_ = std::move(request);
  if (parts_.batch == nullptr || !devices_alone_ || window != all) {
    on_composed(compose(scene, window, picture));
    return;
  }
  batched_ = scene;
  const Status taken =
      parts_.batch->compose(scene, picture, [this](const Status& sent) { on_batch(sent); });
  if (taken) return;
  metrics_.compose_errors.add();
  if (taken.error().code != ErrorCode::kInvalid) on_batch(taken);
}

// The device has got all pictures of this turn, or has failed: then each is composed by itself,
// which the CPU can do as well.
void Session::on_batch(const Status& sent) {
  const Status composed = sent ? sent : composer_->compose(batched_, *composing_->picture);
  batched_.layers.clear();  // they hold buffers
  on_composed(composed);
}

void Session::on_composed(const Status& composed) {
  EncodeRequest request = std::move(*composing_);
  composing_.reset();
  if (!composed) {
    metrics_.compose_errors.add();
    // kInvalid leaves a layer out; with anything else there is no picture.
    if (composed.error().code != ErrorCode::kInvalid) {
      log_limited(LogLevel::kError, "session.not_composed",
                  {{"phone", options_.id}, {"error", composed.error()}});
      refresh_ = true;
      return;
    }
  }
  FrameStamps& stamps = request.stamps;
  stamps.composed = parts_.loop.clock().now();
  metrics_.capture.observe((stamps.captured - stamps.committed).count());
  metrics_.compose.observe((stamps.composed - stamps.captured).count());
  if (const Status status = encoder_->submit(request); !status) {
    metrics_.encode_errors.add();
    log_limited(LogLevel::kError, "session.encode_refused",
                {{"phone", options_.id}, {"error", status.error()}});
    refresh_ = true;
    if (status.error().code == ErrorCode::kWouldBlock) return;
    // A device that is gone does not come back by being asked; the next picture asks the table.
    drop_encoder();
    capture_timer_.arm_at(pacer_.capture_at());
  }
}

Status Session::compose(const Scene& scene, Rect window, Picture& picture) {
  if (scene.output == picture.size) return composer_->compose(scene, picture);
  look_through(scene, window, through_);
  Status status = composer_->compose(through_, picture);
  through_.layers.clear();  // they hold buffers
  return status;
}

// What the viewer's link carries in `ms`.
std::size_t Session::tile_bytes(std::uint32_t ms) const {
  const std::size_t carried = std::size_t{viewer_->target_kbps()} * ms / 8;
  return std::clamp(carried, kLeastBytes, kMostBytes);
}

AccessUnit Session::spare_unit() {
  AccessUnit unit;
  if (!spare_.empty()) {
    unit.bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  return unit;
}

void Session::give_back(std::vector<std::uint8_t> payload) {
  if (spare_.size() < kMostSpare) {
    spare_.push_back(std::move(payload));
  } else if (encoder_ != nullptr) {
    AccessUnit unit;
    unit.bytes = std::move(payload);
    encoder_->recycle(std::move(unit));
  }
}

// A new size of the display costs a key frame.
void Session::fit(Size size) {
  if (shown_size_ == size) return;
  shown_size_ = size;
  drop_encoder();
  tiles_.reset(size);
  refresh_ = true;
  viewer_->send_display(display_->mode());
}

// The next window is chosen afresh.
void Session::drop_encoder() {
  encoder_.reset();
  pool_.reset();
  video_window_.reset(shown_size_);
}

// Makes the pool and the encoder when there are none for this window. Of a picture that is to be
// shown in part only that part has to be right.
bool Session::prepare_encoder(Rect window, Rect shown) {
  release_timer_.arm_after(kRelease);
  if (encoder_ != nullptr && coded_ == window && viewer_->takes(codec_)) return true;
  encoder_.reset();
  pool_.reset();
  coded_ = window;
  const Size size{window.width, window.height};
  EncoderSettings settings;
  settings.size = size;
  settings.bitrate_kbps = rate_.bitrate_kbps != 0 ? rate_.bitrate_kbps : kStartBitrate_kbps;
  settings.framerate =
      static_cast<std::uint32_t>(1'000'000 / std::max<std::int64_t>(pacer_.interval().count(), 1));
  settings.quality_first = viewer_ != nullptr && viewer_->quality_first();
  auto encoder = open_encoder(settings);
  Result<std::shared_ptr<PicturePool>> pool = fail(ErrorCode::kInternal, "no encoder");
  if (encoder) {
    Region stale(shown);
    stale.translate(-window.x, -window.y);
    pool = PicturePool::create(size, kPictures, stale, (*encoder)->picture_memory());
  }
  if (!pool) {
    const Error& error = encoder ? pool.error() : encoder.error();
    log_limited(LogLevel::kError, "session.no_encoder", {{"phone", options_.id}, {"error", error}});
    viewer_->notice(wire::NoticeLevel::kWarning, "encoder.unavailable",
                    "The server cannot encode this phone's screen: " + error.message());
    refresh_ = true;
    return false;
  }
  pool_ = std::move(*pool);
  encoder_ = std::move(*encoder);
  device_encodes_ = encoder_->on_device();
  look_for_devices();
  encoder_->set_on_turn([this] { pump(); });
  return true;
}

Result<std::unique_ptr<Encoder>> Session::open_encoder(EncoderSettings settings) {
  const auto told = [this](Result<AccessUnit> result) { on_encoded(std::move(result)); };
  if (options_.test_codec && viewer_->takes(Codec::kFwht)) {
    settings.codec = codec_ = Codec::kFwht;
    if (auto encoder = parts_.make_encoder(settings, told)) return encoder;
  }
  settings.codec = codec_ = Codec::kH264;
  return parts_.make_encoder(settings, told);
}

// A phone that draws no video holds no encoder and no pictures.
void Session::release_encoder() {
  if (encoder_ == nullptr) return;
  if (encoder_->in_flight() > 0 || unit_ || composing_) {
    release_timer_.arm_after(kRelease);
    return;
  }
  drop_encoder();
}

void Session::callbacks_pending(TimePoint now) {
  callbacks_due_ = true;
  if (pacer_.callbacks_at() <= now) {
    send_callbacks();
  } else {
    callback_timer_.arm_at(pacer_.callbacks_at());
  }
}

void Session::send_callbacks() {
  if (!std::exchange(callbacks_due_, false)) return;
  const TimePoint now = parts_.loop.clock().now();
  pacer_.callbacks_sent(now);
  display_->frame_done(now, ++shown_);
}

void Session::on_encoded(Result<AccessUnit> result) {
  if (!result) {
    metrics_.encode_errors.add();
    log_limited(LogLevel::kError, "session.encode_failed",
                {{"phone", options_.id}, {"error", result.error()}});
    refresh_ = true;
  } else {
    metrics_.encode.observe((result->stamps.encoded - result->stamps.composed).count());
    unit_ = std::move(*result);
    unit_->size = shown_size_;
    unit_->window = coded_;
    send_unit();
  }
  pump();
}

// What has been encoded is the base of the next picture, so it is sent as soon as the sender takes
// it.
void Session::send_unit() {
  if (!unit_) return;
  if (!watched()) {
    drop_unit();
    return;
  }
  unit_->stamps.sequence = next_sequence_;
  const FrameStamps stamps = unit_->stamps;
  const bool key = unit_->key;
  const bool tiles = unit_->operations != 0;
  const bool settled = unit_->settled;
  const std::size_t bytes = unit_->bytes.size();
  const TimePoint now = parts_.loop.clock().now();
  const auto skipped = static_cast<std::uint32_t>(metrics_.skipped.value());
  const VideoContext context{.after_drop = skipped != dropped_reported_,
                             .at_rest = unit_is_refinement_};
  if (!viewer_->send_frame(*unit_, now, context)) return;
  unit_.reset();
  refinements_ = unit_is_refinement_ ? refinements_ + 1 : 0;
  arm_rest(tiles, settled);
  dropped_reported_ = skipped;
  ++next_sequence_;
  metrics_.frames.add();
  if (key) metrics_.key_frames.add();
  if (tiles) metrics_.tile_frames.add();
  metrics_.frame_bytes.add(bytes);
  metrics_.send.observe(span_us(stamps.encoded, now));
  metrics_.capture_to_wire.observe(span_us(stamps.captured, now));
}

// What is to be done once nothing changes any more.
void Session::arm_rest(bool tiles, bool settled) {
  if (takes_tiles()) {
    if (!tiles_.exact()) rest_timer_.arm_after(unit_is_refinement_ ? kNextTiles : kRest);
  } else if (!tiles && !settled && refinements_ < kMostRefinements) {
    rest_timer_.arm_after(kRest);
  }
}

// Nobody is there for it any more; what comes next has to stand on its own.
void Session::drop_unit() {
  if (unit_) give_back(std::move(unit_->bytes));
  unit_.reset();
  refresh_ = true;
}

}  // namespace rp
