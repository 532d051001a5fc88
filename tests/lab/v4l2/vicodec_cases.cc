// The encoder contract's cases in the kernel lab: the kernel's own encoder, reading pictures where
// they lie (dma-bufs) and by copy. It makes a key frame every 16 pictures at the latest, whatever
// it is told, and takes no picture below 640×360.
#include "drivers/v4l2/driver.h"
#include "tests/contract/encoder/rig.h"

namespace rp {

std::vector<EncoderCase> encoder_cases() {
  const EncoderDriver row{.name = "v4l2", .match = match_v4l2, .create_on = create_v4l2_encoder};
  EncoderCase in_place{row, Codec::kFwht, {640, 480}, true, false};
  EncoderCase copied = in_place;
  copied.plain_pictures = true;
  return {in_place, copied};
}

}  // namespace rp
