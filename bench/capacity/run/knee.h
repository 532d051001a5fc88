// KneeSearch: which numbers of phones to try to find the most that hold every bound: doubles until
// one breaks, then halves what lies between. A pure function of what it was told. Thread rule:
// plain values.
#pragma once

#include <optional>

namespace rp {

struct KneeOptions {
  int start = 10;
  int most = 4096;          // never more than this
  double tolerance = 0.05;  // the knee is known when held and broken are this close together
};

class KneeSearch {
 public:
  explicit KneeSearch(KneeOptions options) : options_(options), next_(options.start) {}

  // The number to try now; nothing: the search is over.
  [[nodiscard]] std::optional<int> next() const { return next_; }
  // What trying next() gave.
  void note(bool held);

  // The most that held; nothing: none was tried that did.
  [[nodiscard]] std::optional<int> held() const { return held_; }
  [[nodiscard]] std::optional<int> broken() const { return broken_; }

 private:
  KneeOptions options_;
  std::optional<int> next_;
  std::optional<int> held_;
  std::optional<int> broken_;
};

}  // namespace rp
