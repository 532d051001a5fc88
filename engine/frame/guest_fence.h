// Waiting on the CPU for a guest that is still drawing: for so long and no longer, because its
// fence may never signal and others live on the same loop. Thread rule: any thread.
#pragma once

#include <chrono>

namespace rp {

// The longest a picture may wait for one guest.
inline constexpr std::chrono::milliseconds kFencePatience{250};
// Of it, for a guest whose last fence did not signal in time.
inline constexpr std::chrono::milliseconds kFenceImpatience{kFencePatience / 16};

// True when the fence has signalled, within `limit` (0: now): a sync file, or a dma-buf, which is
// ready to read when all that wrote into it is done. One that ended in an error counts: what it
// guarded will not get better.
[[nodiscard]] bool wait_for_fence(int fence, std::chrono::milliseconds limit);

}  // namespace rp
