// The contract suite's cases on any machine: the fakes, and what of the product's table serves
// here.
#include "drivers/encoders.h"
#include "drivers/fake/encoder/encoder.h"
#include "drivers/fake/modelled/encoder.h"
#include "tests/contract/encoder/rig.h"
#ifdef RP_HAVE_AVCODEC
#include "tests/contract/encoder/avcodec_cases.h"
#endif

namespace rp {

std::vector<EncoderCase> encoder_cases() {
  std::vector<EncoderCase> all = {{fake_encoder_driver()}};
  for (const EncoderDriver& model : modelled_encoder_drivers()) all.push_back({model});
  for (const EncoderDriver& driver : encoder_drivers()) {
    if (driver.match({.size = {320, 240}})) all.push_back({driver});
  }
#ifdef RP_HAVE_AVCODEC
  for (const EncoderCase& one : avcodec_cases()) all.push_back(one);
#endif
  return all;
}

}  // namespace rp
