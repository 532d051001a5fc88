#include "bench/capacity/app/screen.h"

#include <linux/input-event-codes.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace rp {
namespace {

constexpr std::int32_t kStatusHeight = 40;
constexpr Duration kFilmFrame = std::chrono::microseconds(33'333);
// The compositor's pace decides when an animation draws; asking earlier only wakes for nothing.
constexpr Duration kAnimationStep = std::chrono::milliseconds(8);

char letter_of(std::uint32_t code) {
  constexpr std::array<std::pair<std::uint32_t, const char*>, 3> kRows = {
      {{KEY_Q, "qwertyuiop"}, {KEY_A, "asdfghjkl"}, {KEY_Z, "zxcvbnm"}}};
  for (const auto& [first, letters] : kRows) {
    const std::string_view row(letters);
    if (code >= first && code < first + row.size()) return row[code - first];
  }
  return code == KEY_SPACE ? ' ' : '\0';
}

}  // namespace

LoadScreen::LoadScreen(const LoadAssets& assets, Size size, std::uint64_t variety)
    : assets_(assets), size_(size) {
  scroll_ =
      static_cast<double>(variety * 761 % static_cast<std::uint64_t>(assets.page.size.height));
  film_frame_ = static_cast<std::int64_t>(variety * 37 % 1000);
  damage_.add({0, 0, size.width, size.height});
}

Rect LoadScreen::content() const {
  const auto navigation = static_cast<std::int32_t>(size_.height * kNavigationTop);
  return {0, kStatusHeight, size_.width, std::max(0, navigation - kStatusHeight)};
}

bool LoadScreen::has_film() const {
  return activity_ == Activity::kVideo || activity_ == Activity::kCamera;
}

bool LoadScreen::has_letters() const {
  return activity_ == Activity::kTyping || activity_ == Activity::kMessaging;
}

// Video is 16:9 across the display, the camera's preview is 4:3 upright.
Rect LoadScreen::film() const {
  const std::int32_t height =
      activity_ == Activity::kVideo ? size_.width * 9 / 16 : size_.width * 4 / 3;
  const Rect all = content();
  return intersection({0, all.y + all.height / 12, size_.width, height}, all);
}

std::size_t LoadScreen::columns() const {
  return static_cast<std::size_t>(std::max(1, size_.width / LoadAssets::kGlyph.width - 2));
}

std::size_t LoadScreen::rows() const {
  return static_cast<std::size_t>(std::max(1, content().height / LoadAssets::kGlyph.height - 1));
}

Rect LoadScreen::cell(std::size_t index) const {
  const auto column = static_cast<std::int32_t>(index % columns());
  const auto row = static_cast<std::int32_t>(index / columns());
  return {(column + 1) * LoadAssets::kGlyph.width,
          kStatusHeight + row * LoadAssets::kGlyph.height + LoadAssets::kGlyph.height / 2,
          LoadAssets::kGlyph.width, LoadAssets::kGlyph.height};
}

// Behind the last letter; on a page that is no text field, somewhere in it.
Rect LoadScreen::caret() const {
  Rect at = cell(has_letters() ? letters_.size() : columns() * 3 + 5);
  at.width = 2;
  return at;
}

void LoadScreen::set_minute(int minute) {
  if (std::exchange(minute_, minute) == minute) return;
  damage_.add({0, 0, 6 * LoadAssets::kGlyph.width, kStatusHeight});
}

void LoadScreen::begin_activity(Activity activity, bool caret) {
  waiting_ = activity;
  waiting_caret_ = caret;
}

void LoadScreen::show_waiting(TimePoint now) {
  if (!waiting_) return;
  const bool same = *waiting_ == activity_;
  activity_ = *std::exchange(waiting_, std::nullopt);
  caret_wanted_ = waiting_caret_ || has_letters();
  place_caret(caret_wanted_, now);
  if (same) return;
  reset_letters();
  film_turn_ = now;
  moving_.reset();
  damage_.add(content());
}

void LoadScreen::change_page(TimePoint now) {
  scroll_ += size_.height * 1.5;  // another page, should the activity stay
  moving_.reset();
  show_waiting(now);
  slide_since_ = now;
  slide_x_ = size_.width;
}

void LoadScreen::touch_down(double /*x_px*/, double y_px, TimePoint now) {
  if (y_px >= size_.height * kNavigationTop) return change_page(now);
  moving_.reset();
  if (activity_ == Activity::kCamera) return damage_.add(film());  // the shutter
  touching_ = activity_ == Activity::kReading;
  touch_from_ = touch_at_ = y_px;
  scroll_from_ = scroll_;
}

void LoadScreen::touch_move(double y_px) {
  if (!touching_) return;
  touch_at_ = y_px;
  scroll_ = scroll_from_ + touch_from_ - y_px;
  damage_.add(content());
}

void LoadScreen::touch_up(TimePoint now) {
  if (!std::exchange(touching_, false)) return;
  moving_ = Moving{Fling::of_drag(touch_from_ - touch_at_), now, scroll_};
}

void LoadScreen::place_caret(bool shown, TimePoint now) {
  caret_turn_ = now + kCaretBlink;
  if (std::exchange(caret_shown_, shown) != shown) damage_.add(caret());
}

void LoadScreen::reset_letters() {
  letters_.clear();
  damage_.add(content());
}

void LoadScreen::enter(char c, TimePoint now) {
  damage_.add(caret());
  if (letters_.size() + 1 >= columns() * rows()) reset_letters();
  letters_ += c;
  damage_.add(cell(letters_.size() - 1));
  caret_shown_ = true;
  caret_turn_ = now + kCaretBlink;
  damage_.add(caret());
}

void LoadScreen::key(std::uint32_t evdev_code, TimePoint now) {
  if (!has_letters()) return;
  if (const char c = letter_of(evdev_code); c != '\0') return enter(c, now);
  if (evdev_code == KEY_ENTER) bubble();
}

// What stands there moves up and makes room: the whole page changes, as it does in a chat.
void LoadScreen::bubble() {
  if (!has_letters()) return;
  damage_.add(content());
  const std::size_t room = columns() * 3;
  letters_.resize((letters_.size() / columns() + 1) * columns(), ' ');
  letters_ += "  see you at the station at noon";
  letters_.resize((letters_.size() / columns() + 1) * columns(), ' ');
  const std::size_t most = columns() * rows();
  if (letters_.size() + room > most) letters_.erase(0, letters_.size() + room - most);
}

void LoadScreen::advance(TimePoint now) {
  if (slide_since_) {
    const double part = static_cast<double>((now - *slide_since_).count()) /
                        static_cast<double>(kSwitchAnimation.count());
    const double left = std::clamp(1.0 - part, 0.0, 1.0);
    slide_x_ = static_cast<std::int32_t>(size_.width * left * left);  // slows down at its end
    if (slide_x_ == 0) slide_since_.reset();
    Rect moved = content();
    moved.x = slide_x_;
    moved.width -= slide_x_;
    damage_.add(moved);
  }
  if (moving_) {
    const auto before = static_cast<std::int64_t>(scroll_);
    const Duration gone = now - moving_->since;
    scroll_ = moving_->from + moving_->fling.way(gone);
    if (before != static_cast<std::int64_t>(scroll_)) damage_.add(content());
    const Duration length = Fling{std::abs(moving_->fling.speed)}.length();
    if (gone >= length) moving_.reset();
  }
  if (caret_wanted_ && now >= caret_turn_) place_caret(!caret_shown_, now);
  if (has_film() && now >= film_turn_) {
    const std::int64_t frames = 1 + (now - film_turn_) / kFilmFrame;
    film_frame_ += frames;
    film_turn_ = film_turn_ + kFilmFrame * frames;
    damage_.add(film());
  }
}

std::optional<TimePoint> LoadScreen::next_change(TimePoint now) const {
  std::optional<TimePoint> next;
  const auto at = [&next](TimePoint time) { next = next ? std::min(*next, time) : time; };
  if (slide_since_ || moving_) at(now + kAnimationStep);
  if (caret_wanted_) at(caret_turn_);
  if (has_film()) at(film_turn_);
  return next;
}

Region LoadScreen::take_damage() {
  damage_.intersect({0, 0, size_.width, size_.height});
  return std::exchange(damage_, Region());
}

void LoadScreen::paint(const LoadCanvas& canvas, Rect part) const {
  const Rect all = content();
  const std::int32_t bottom = all.y + all.height;
  const auto fill = [&](Rect where, std::uint32_t colour) {
    const Rect r = intersection(where, part);
    for (std::int32_t y = r.y; y < r.y + r.height; ++y)
      std::fill_n(canvas.at(r.x, y), std::max(r.width, 0), colour);
  };
  fill({0, 0, size_.width, kStatusHeight}, 0xFFFFFFFF);
  fill({0, bottom, size_.width, size_.height - bottom}, 0xFFE8E8EA);
  fill({size_.width / 3, bottom + 16, size_.width / 3, 8}, 0xFF606064);
  const std::array<char, 5> clock = {
      static_cast<char>('0' + minute_ / 600 % 10), static_cast<char>('0' + minute_ / 60 % 10), ':',
      static_cast<char>('0' + minute_ % 60 / 10), static_cast<char>('0' + minute_ % 10)};
  std::int32_t x = LoadAssets::kGlyph.width;
  for (const char c : clock) {
    paint_text(canvas, part, x, 6, c);
    x += LoadAssets::kGlyph.width;
  }
  // A page coming in is painted where it will be, and moved right; left of it stays what was.
  Rect coming = all;
  coming.x = slide_since_ ? slide_x_ : 0;
  coming.width -= coming.x;
  Rect inside = intersection(coming, part);
  if (inside.empty()) return;
  inside.x -= coming.x;
  const LoadCanvas moved{canvas.size, canvas.pixels + coming.x};
  if (has_letters()) {
    paint_letters(moved, inside);
  } else {
    paint_page(moved, inside);
    if (has_film()) paint_film(moved, intersection(film(), inside));
  }
  if (!caret_shown_) return;
  const Rect line = intersection(caret(), inside);
  for (std::int32_t y = line.y; y < line.y + line.height; ++y)
    std::fill_n(moved.at(line.x, y), std::max(line.width, 0), 0xFF1A1A1AU);
}

void LoadScreen::paint_page(const LoadCanvas& canvas, Rect part) const {
  const auto height = static_cast<std::int64_t>(assets_.page.size.height);
  const auto top = static_cast<std::int64_t>(std::floor(scroll_));
  for (std::int32_t y = part.y; y < part.y + part.height; ++y) {
    const std::int64_t row = ((top + y) % height + height) % height;
    std::copy_n(assets_.page.row(static_cast<std::int32_t>(row)) + part.x, part.width,
                canvas.at(part.x, y));
  }
}

void LoadScreen::paint_letters(const LoadCanvas& canvas, Rect part) const {
  for (std::int32_t y = part.y; y < part.y + part.height; ++y)
    std::fill_n(canvas.at(part.x, y), part.width, 0xFFFFFFFFU);
  for (std::size_t i = 0; i < letters_.size(); ++i) {
    const Rect at = cell(i);
    if (at.y > part.y + part.height) return;
    if (letters_[i] != ' ') paint_text(canvas, part, at.x, at.y, letters_[i]);
  }
}

void LoadScreen::paint_text(const LoadCanvas& canvas, Rect part, std::int32_t x, std::int32_t y,
                            char c) const {
  const Rect at = intersection({x, y, LoadAssets::kGlyph.width, LoadAssets::kGlyph.height}, part);
  if (at.empty()) return;
  const std::int32_t from = (c - LoadAssets::kFirstGlyph) * LoadAssets::kGlyph.width + at.x - x;
  for (std::int32_t row = at.y; row < at.y + at.height; ++row)
    std::copy_n(assets_.glyphs.row(row - y) + from, at.width, canvas.at(at.x, row));
}

// The film moves under its window; the camera's has grain over it that is new in each frame.
void LoadScreen::paint_film(const LoadCanvas& canvas, Rect part) const {
  const double turn = static_cast<double>(film_frame_) * 0.035;
  const auto dx = static_cast<std::int32_t>(127 + 120 * std::sin(turn));
  const auto dy = static_cast<std::int32_t>(127 + 120 * std::cos(turn * 0.7));
  const Rect window = film();
  const bool noisy = activity_ == Activity::kCamera;
  for (std::int32_t y = part.y; y < part.y + part.height; ++y) {
    const std::uint32_t* from = assets_.film.row(y - window.y + dy) + part.x + dx;
    std::uint32_t* to = canvas.at(part.x, y);
    std::copy_n(from, part.width, to);
    if (!noisy) continue;
    const auto shift = static_cast<std::int32_t>(film_frame_ * 29 % 64);
    const auto row = static_cast<std::int32_t>((y + film_frame_ * 71) % 256);
    const std::uint32_t* grain = assets_.grain.row(row) + part.x + shift;
    for (std::int32_t x = 0; x < part.width; ++x) to[x] = (to[x] & 0xF0F0F0U) + grain[x];
  }
}

}  // namespace rp
