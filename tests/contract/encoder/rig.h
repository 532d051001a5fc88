// What every encoder test needs: a loop, an encode thread, pictures, one encoder and what came out
// of it. Thread rule: the test's thread.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/event_loop.h"
#include "engine/encode/encode_thread.h"
#include "engine/encode/encoder.h"
#include "engine/encode/encoder_pool.h"

namespace rp {

inline void PrintTo(const EncoderDriver& driver, std::ostream* out) { *out << driver.name; }

class EncoderRig {
 public:
  EncoderRig();
  ~EncoderRig();

  // Makes the encoder and pictures of its size, replacing those there were; the codec is a new one.
  void open(const EncoderDriver& driver, const EncoderSettings& settings);
  // As open(), with the lender there is: it may lend a codec that served before.
  void reopen(const EncoderSettings& settings);
  // A request with a fresh picture, drawn by `draw`, and the next sequence number.
  [[nodiscard]] EncodeRequest request(const std::function<void(Picture&)>& draw);
  // Submits and waits for the outcome of this one picture.
  // `shown`: of the request.
  [[nodiscard]] Result<AccessUnit> encode(const std::function<void(Picture&)>& draw,
                                          bool force_key = false, Rect shown = {});
  // Turns the loop until `done`, at most 20 s; false when the time ran out.
  [[nodiscard]] bool wait(const std::function<bool()>& done);

  SystemClock clock;
  std::unique_ptr<EventLoop> loop;
  std::unique_ptr<EncodeThread> thread;
  std::shared_ptr<PicturePool> pool;
  std::unique_ptr<EncoderPool> lender;
  std::unique_ptr<Encoder> encoder;
  std::vector<Result<AccessUnit>> outcomes;
  std::uint32_t next_sequence = 1;

 private:
  EncoderDriver driver_{};
};

}  // namespace rp
