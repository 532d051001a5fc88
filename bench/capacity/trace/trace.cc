#include "bench/capacity/trace/trace.h"

#include <linux/input-event-codes.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace rp {
namespace {

// Each number's source is in docs/capacity.md.
constexpr double kReadPause_s = 4.0;  // median between flings
constexpr double kReadPauseSigma = 0.8;
constexpr double kFlingSpeed = 2500;  // median, pixels a second
constexpr double kFlingSpeedSigma = 0.5;
constexpr double kLeastFling = 600;
constexpr double kMostFling = 6400;
constexpr double kFlingBack = 0.1;  // probability of the other direction
constexpr int kDragMoves = 6;
constexpr double kKeyInterval_s = 0.331;  // mean
constexpr double kKeyIntervalSigma = 0.5;
constexpr double kTypingBurst = 40;  // mean characters
constexpr double kTypingPause_s = 3.0;
constexpr double kTypingPauseSigma = 0.8;
constexpr double kMessageCharacters = 30;  // mean
constexpr double kAnswerPause_s = 6.0;     // median until the other answers
constexpr double kAnswerPauseSigma = 0.7;
constexpr double kSwitchPause_s = 3.0;
constexpr double kSwitchPauseSigma = 0.6;
constexpr double kShutterPause_s = 5.0;
constexpr double kShutterPauseSigma = 0.5;
constexpr double kIdleCaret = 0.2;    // share of idle spells with a field in focus
constexpr double kSpaceShare = 0.17;  // of characters: words of five letters

constexpr std::array<std::uint16_t, 26> kLetters = {
    KEY_A, KEY_B, KEY_C, KEY_D, KEY_E, KEY_F, KEY_G, KEY_H, KEY_I, KEY_J, KEY_K, KEY_L, KEY_M,
    KEY_N, KEY_O, KEY_P, KEY_Q, KEY_R, KEY_S, KEY_T, KEY_U, KEY_V, KEY_W, KEY_X, KEY_Y, KEY_Z};

}  // namespace

Fling Fling::of_drag(double pixels) {
  return {pixels / (static_cast<double>(kDrag.count()) / 1e6)};
}

Duration Fling::length() const {
  const double speed_now = std::abs(speed);
  if (speed_now <= kLeastSpeed) return Duration(0);
  return Duration(
      static_cast<std::int64_t>(kTimeConstant_s * std::log(speed_now / kLeastSpeed) * 1e6));
}

double Fling::way(Duration after) const {
  const double t = static_cast<double>(std::min(after, length()).count()) / 1e6;
  return speed * kTimeConstant_s * -std::expm1(-t / kTimeConstant_s);
}

TraceStream::TraceStream(const Workload& workload, std::uint64_t seed, std::uint64_t user,
                         int height_px)
    : workload_(workload), random_(seed, user), height_px_(height_px) {
  // The moment the trace begins is any moment of the user's day: shares are those of time.
  std::array<double, kActivities> shares{};
  for (std::size_t i = 0; i < kActivities; ++i) shares[i] = workload_.mix[i].share;
  activity_ = static_cast<Activity>(random_.choose(shares));
  begin_spell(Duration(0));
}

Duration TraceStream::seconds(double s) const {
  return Duration(static_cast<std::int64_t>(s * 1e6));
}

void TraceStream::push(TraceEvent event, Duration after) {
  now_ += after;
  event.at = now_;
  ready_.push_back(event);
}

// A spell's length is exponential: without memory, so that a trace that begins in the middle of one
// is as good as any other.
void TraceStream::begin_spell(Duration at) {
  now_ = at;
  const double mean_s = workload_.mix[static_cast<std::size_t>(activity_)].mean_dwell_s;
  spell_end_ = at + seconds(random_.exponential(mean_s));
  TraceEvent event{.kind = TraceKind::kActivity, .activity = activity_};
  event.caret = activity_ == Activity::kIdle && random_.uniform() < kIdleCaret;
  push(event, Duration(0));
  // What follows looks at the new page first.
  now_ += seconds(random_.uniform(0.7, 1.5));
}

TraceEvent TraceStream::next() {
  while (ready_.empty()) fill();
  const TraceEvent event = ready_.front();
  ready_.pop_front();
  return event;
}

void TraceStream::fill() {
  if (now_ >= spell_end_ || activity_ == Activity::kIdle || activity_ == Activity::kVideo) {
    // Chosen in proportion to share ÷ dwell: then the shares are those of time.
    std::array<double, kActivities> weights{};
    for (std::size_t i = 0; i < kActivities; ++i) {
      if (workload_.mix[i].share > 0)
        weights[i] = workload_.mix[i].share / workload_.mix[i].mean_dwell_s;
    }
    const auto next = static_cast<Activity>(random_.choose(weights));
    const Duration at = std::max(now_, spell_end_);
    if (next == activity_) return begin_spell(at);  // the user goes on, without a tap
    activity_ = next;
    // The app is told first, so that it knows what the tap, which comes over the network, is for.
    begin_spell(at);
    const Duration after_look = now_;
    now_ = at;
    tap(0.5, 0.98);
    now_ = std::max(now_, after_look);
    return;
  }
  switch (activity_) {
    case Activity::kReading:
      return fling();
    case Activity::kTyping:
      return type(kTypingBurst);
    case Activity::kMessaging:
      return messages();
    case Activity::kSwitching:
      now_ += seconds(random_.log_normal(kSwitchPause_s, kSwitchPauseSigma));
      return tap(0.5, 0.98);
    case Activity::kCamera:
      now_ += seconds(random_.log_normal(kShutterPause_s, kShutterPauseSigma));
      return tap(0.5, 0.85);
    case Activity::kIdle:
    case Activity::kVideo:
      return;
  }
}

// Down and up 80 ms later. In the navigation it changes the app, which moves for kSwitchAnimation.
void TraceStream::tap(double x, double y) {
  TraceEvent down{.kind = TraceKind::kTouchDown, .x = x, .y = y, .changes = true};
  if (y >= kNavigationTop) down.draws_until = now_ + kSwitchAnimation;
  push(down, Duration(0));
  push({.kind = TraceKind::kTouchUp, .x = x, .y = y}, std::chrono::milliseconds(80));
}

void TraceStream::fling() {
  now_ += seconds(random_.log_normal(kReadPause_s, kReadPauseSigma));
  const double speed =
      std::clamp(random_.log_normal(kFlingSpeed, kFlingSpeedSigma), kLeastFling, kMostFling);
  const double way = speed * static_cast<double>(Fling::kDrag.count()) / 1e6 / height_px_;
  const bool back = random_.uniform() < kFlingBack;
  const double from = back ? 0.2 : 0.8;
  const double x = random_.uniform(0.4, 0.8);
  push({.kind = TraceKind::kTouchDown, .x = x, .y = from}, Duration(0));
  double y = from;
  for (int i = 1; i <= kDragMoves; ++i) {
    y = from + (back ? way : -way) * i / kDragMoves;
    push({.kind = TraceKind::kTouchMove, .x = x, .y = y, .changes = true},
         Fling::kDrag / kDragMoves);
  }
  const Duration length = Fling{speed}.length();
  push({.kind = TraceKind::kTouchUp, .x = x, .y = y, .draws_until = now_ + length}, Duration(0));
  now_ += length;
}

void TraceStream::type(double mean_characters) {
  const double median_s = kKeyInterval_s / std::exp(kKeyIntervalSigma * kKeyIntervalSigma / 2);
  const int characters = 1 + static_cast<int>(random_.exponential(mean_characters));
  for (int i = 0; i < characters && now_ < spell_end_; ++i) {
    const std::uint16_t key =
        random_.uniform() < kSpaceShare
            ? std::uint16_t{KEY_SPACE}
            : kLetters[static_cast<std::size_t>(random_.uniform() * kLetters.size())];
    push({.kind = TraceKind::kKey, .key = key, .changes = true},
         seconds(random_.log_normal(median_s, kKeyIntervalSigma)));
  }
  now_ += seconds(random_.log_normal(kTypingPause_s, kTypingPauseSigma));
}

void TraceStream::messages() {
  type(kMessageCharacters);
  push({.kind = TraceKind::kKey, .key = KEY_ENTER, .changes = true}, Duration(0));
  push({.kind = TraceKind::kBubble},
       seconds(random_.log_normal(kAnswerPause_s, kAnswerPauseSigma)));
}

}  // namespace rp
