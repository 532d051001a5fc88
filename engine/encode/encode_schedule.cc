#include "engine/encode/encode_schedule.h"

#include <algorithm>
#include <tuple>

namespace rp {

void EncodeSchedule::begin(Place& place) const {
  place.start_ = std::max(now_ - kPicture, place.finish_);
  place.begun_ = true;
}

std::int64_t EncodeSchedule::rank(const Place& place) {
  return place.start_ - (place.answers_input_ ? kInputLead * kPicture : 0);
}

void EncodeSchedule::wait(Place& place, TimePoint now, bool answers_input) {
  if (place.waiting_) {
    place.answers_input_ = place.answers_input_ || answers_input;
    return;
  }
  begin(place);
  place.waiting_ = true;
  place.answers_input_ = answers_input;
  place.since_ = now;
  place.order_ = next_order_++;
  waiting_.push_back(&place);
}

void EncodeSchedule::leave(Place& place) {
  place.begun_ = false;
  if (!place.waiting_) return;
  place.waiting_ = false;
  std::erase(waiting_, &place);
}

// A walk over all: tens of phones that wait are the rule, and next to a picture's milliseconds in
// the codec even hundreds are nothing. In return a place's rank may change while it waits.
EncodeSchedule::Place* EncodeSchedule::next() {
  if (waiting_.empty()) return nullptr;
  const auto before = [](const Place* a, const Place* b) {
    return std::tuple(rank(*a), a->order_) < std::tuple(rank(*b), b->order_);
  };
  const auto found = std::min_element(waiting_.begin(), waiting_.end(), before);
  Place* place = *found;
  std::int64_t earliest = place->start_;
  for (const Place* other : waiting_) earliest = std::min(earliest, other->start_);
  now_ = std::max(now_, earliest);
  *found = waiting_.back();
  waiting_.pop_back();
  place->waiting_ = false;
  return place;
}

void EncodeSchedule::charge(Place& place, std::uint32_t weight) {
  if (!place.begun_) begin(place);
  place.begun_ = false;
  // Nobody waits: time is the one's that is served.
  if (waiting_.empty()) now_ = std::max(now_, place.start_);
  place.finish_ = place.start_ + kPicture / std::clamp(weight, 1U, kMaxWeight);
}

}  // namespace rp
