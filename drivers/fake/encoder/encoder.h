// An encoder for tests: its access unit says which picture it was made of, so that a test can
// follow every frame through a session without a codec. Control lets a test hold it up and make it
// fail.
//
//    0        4          8         12        14        16    17       20          24
//    +--------+----------+----------+---------+---------+-----+--------+-----------+
//    | "RPFE" | sequence | picture  |  width  | height  | key | zeros  | checksum  | little-endian
//    |        |   u32    | no. u32  |   u16   |   u16   | u8  |  u8[3] |    u32    |
//    +--------+----------+----------+---------+---------+-----+--------+-----------+
//
// Thread rule: the encoder as BlockingEncoder; FakeEncoderControl from any thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>

#include "engine/encode/encoder.h"

namespace rp {

// What one access unit of the fake says.
struct FakeAccessUnit {
  std::uint32_t sequence = 0;  // of the picture's stamps
  std::uint32_t picture = 0;   // counts up from 0 by pictures encoded
  Size size;
  bool key = false;
  std::uint32_t checksum = 0;  // picture_checksum() of what was encoded
};
[[nodiscard]] Result<FakeAccessUnit> parse_fake_access_unit(std::span<const std::uint8_t> bytes);

// FNV-1a, 32 bit, over the coded planes: equal pictures, equal sums.
[[nodiscard]] std::uint32_t picture_checksum(const Picture& picture);

class FakeEncoderControl {
 public:
  void hold();                             // encode() waits from now on
  void let_go();                           // … until here
  void fail_next();                        // one encode() fails with kInternal
  [[nodiscard]] EncoderRate rate() const;  // the last one set

 private:
  friend class FakeEncoder;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  int failures_ = 0;
  EncoderRate rate_;
};

// `control` may be null; shared, because the test and the encode thread both hold it.
[[nodiscard]] Result<std::unique_ptr<BlockingEncoder>> create_fake_encoder(
    const EncoderSettings& settings, std::shared_ptr<FakeEncoderControl> control);

// The fake as a row of a test's own table.
[[nodiscard]] EncoderDriver fake_encoder_driver();

}  // namespace rp
