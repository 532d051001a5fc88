// wp_presentation: tells clients when a commit was shown. Thread rule: the display's loop.
#pragma once

#include "engine/capture/surface_state.h"

namespace rp {

class Compositor;

void make_presentation_global(Compositor& compositor);

// The commit these waited for will not be shown. Empties the queue.
void discard_feedbacks(ResourceQueue& feedbacks);
// Their commits are in the picture handed on at `shown`. Empties the queue.
void send_presented(Compositor& compositor, ResourceQueue& feedbacks, TimePoint shown,
                    std::uint64_t sequence);

}  // namespace rp
