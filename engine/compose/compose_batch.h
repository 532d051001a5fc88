// ComposeBatch: pictures that phones of a shard want at about the same time go to the device in one
// submission. The first opens it; it is sent when the loop has looked at all that was ready then.
//
//   phone A ─ compose() ─┐
//   phone B ─ compose() ─┴─► the loop's next turn: one submission ─► each one's `sent`
//
// Thread rule: the shard's.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/base/event_loop.h"
#include "engine/base/metrics.h"
#include "engine/compose/composer.h"

namespace rp {

class ComposeBatch {
 public:
  // How the submission went. What failed is stale again, as Composer::end_batch() has it.
  using Sent = std::function<void(const Status&)>;

  // `composer` outlives it.
  ComposeBatch(EventLoop& loop, Composer& composer) : loop_(loop), composer_(composer) {}
  ComposeBatch(const ComposeBatch&) = delete;
  ComposeBatch& operator=(const ComposeBatch&) = delete;

  // As the composer's, but the picture (which stays where it is) may not be looked at before `sent`
  // was called. That is once, and never from in here; not at all after an error other than
  // kInvalid.
  [[nodiscard]] Status compose(const Scene& scene, Picture& picture, Sent sent);
  // Sends what there is at once: for who cannot wait, because he goes.
  void flush();

  // Counts in the registry, which must outlive it.
  void publish(Registry& registry, int shard);
  [[nodiscard]] const Counter& batches() const { return batches_; }
  [[nodiscard]] const Counter& pictures() const { return pictures_; }

 private:
  EventLoop& loop_;
  Composer& composer_;
  std::vector<Sent> waiting_;
  std::vector<Sent> spare_;  // room for the next batch's
  bool open_ = false;
  Counter batches_;
  Counter pictures_;
  std::vector<Registry::Handle> handles_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for the task that is posted
};

}  // namespace rp
