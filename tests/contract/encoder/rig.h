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

// One implementation the contract suite runs against, and what of it is its device's nature.
struct EncoderCase : EncoderDriver {
  Codec codec = Codec::kH264;
  Size usual{320, 240};       // a small size it serves
  bool keys_unasked = false;  // it makes key frames nobody asked for as well
  bool plain_pictures = false;
};

inline void PrintTo(const EncoderCase& one, std::ostream* out) {
  *out << one.name << (one.plain_pictures ? " (plain pictures)" : "");
}

// What the suite in this binary runs against.
[[nodiscard]] std::vector<EncoderCase> encoder_cases();

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

  bool plain_pictures = false;  // not where the encoder reads them best
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
