// VideoWindow: which part of a phone's picture the encoder codes. A codec costs by the pixels it
// codes, even where nothing is looked at; a film that fills a third of the screen costs a third
// when only that is coded. Another window is another encoder and a key frame, so it grows when it
// must and shrinks only to what has sufficed for a while.
//
//   shown (TilePath) ─► choose() ─► window: PicturePool, Scene (scene_window.h), Encoder
//
// Windows lie on multiples of kGrid_px, so that encoders of the pool fit again. Thread rule: the
// shard's.
#pragma once

#include "engine/base/clock.h"
#include "engine/frame/geometry.h"

namespace rp {

class VideoWindow {
 public:
  static constexpr std::int32_t kGrid_px = 16;        // a macroblock
  static constexpr std::int32_t kLeastSide_px = 128;  // hardware decoders take no less
  // It shrinks to at most this share of its pixels, after so many pictures and so much time, which
  // doubles each time it had to grow again within kRegret.
  static constexpr std::int64_t kShrink_percent = 80;
  static constexpr int kPictures = 20;
  static constexpr Duration kPatience = std::chrono::seconds(1);
  static constexpr Duration kMostPatience = std::chrono::seconds(16);
  static constexpr Duration kRegret = std::chrono::seconds(5);

  // The picture is of this size and nothing is coded: the next choice is free.
  void reset(Size whole);
  // The window for a picture of which `shown` is to be seen; it holds `shown`. Empty: all is.
  [[nodiscard]] Rect choose(Rect shown, TimePoint now);

 private:
  [[nodiscard]] Rect fitted(Rect needed) const;
  void forget_needs(TimePoint now);

  Rect whole_;
  Rect window_;  // empty: none yet
  Rect needed_;  // what was shown since `since_`
  int pictures_ = 0;
  TimePoint since_;
  TimePoint shrunk_at_{-kRegret.count()};
  Duration patience_ = kPatience;
};

}  // namespace rp
