#include "engine/compose/compose_batch.h"

#include <string>
#include <utility>

namespace rp {

Status ComposeBatch::compose(const Scene& scene, Picture& picture, Sent sent) {
  if (!std::exchange(open_, true)) {
    composer_.begin_batch();
    loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) flush();
    });
  }
  Status status = composer_.compose(scene, picture);
  if (!status && status.error().code != ErrorCode::kInvalid) return status;
  waiting_.push_back(std::move(sent));
  pictures_.add();
  return status;
}

void ComposeBatch::publish(Registry& registry, int shard) {
  const Labels labels = {{"shard", std::to_string(shard)}};
  handles_.push_back(registry.add("rackphone_compose_batches_total",
                                  "Submissions of pictures to a device.", labels, batches_));
  handles_.push_back(registry.add("rackphone_compose_batched_total",
                                  "Pictures in these submissions.", labels, pictures_));
}

void ComposeBatch::flush() {
  if (!std::exchange(open_, false)) return;
  const Status status = composer_.end_batch();
  // Who hears of it may compose the next one, into the next batch.
  std::vector<Sent> waiting = std::exchange(waiting_, std::move(spare_));
  if (!waiting.empty()) batches_.add();
  for (const Sent& sent : waiting) sent(status);
  waiting.clear();
  spare_ = std::move(waiting);
}

}  // namespace rp
