// Encoder: pictures in, access units out, asynchronously, in order. Implementations:
// ThreadedEncoder around a BlockingEncoder (drivers/x264, drivers/openh264, drivers/fake); device
// encoders implement it directly (later). One contract suite (tests/contract/encoder) holds them
// all. Thread rule: everything from the phone's shard; completions come on the shard's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/frame/picture.h"

namespace rp {

// As VIDEO has it. Numbers from 128 on are never offered to a browser.
enum class Codec : std::uint8_t {
  kH264 = 1,
  kHevc = 5,
  kVp8 = 128,
  kFwht = 129,  // of the kernel's own vicodec: what tests of device encoders run on
};

struct EncoderSettings {
  Codec codec = Codec::kH264;
  // Shown size. 4:2:0 crops in steps of two pixels (H.264, 7.4.2.1.1), so the SPS says the size
  // rounded up to even; the last column or row repeats its neighbour and the viewer cuts it off.
  Size size;
  std::uint32_t bitrate_kbps = 8000;  // average over a second
  std::uint32_t framerate = 60;       // upper bound the rate control plans with
  std::uint32_t vbv_ms = 100;         // one frame may take at most this much of the link's time
  bool quality_first = false;         // spend CPU on quality rather than speed
};

// What may change while running; a change takes effect from the next submitted picture.
struct EncoderRate {
  std::uint32_t bitrate_kbps = 0;
  std::uint32_t framerate = 0;
};

// Travels with a picture through the encoder unchanged.
struct FrameStamps {
  std::uint32_t sequence = 0;
  TimePoint committed;  // the app's commit
  TimePoint captured;   // the scene was taken
  TimePoint composed;   // the picture was ready
  TimePoint encode_begin;
  TimePoint encoded;
  std::uint32_t input_sequence = 0;  // newest input delivered to the app before the commit; 0: none
};

// One encoded picture. Video: Annex B byte stream, SPS and PPS in front of every key frame. Tiles
// (engine/tiles, which make no use of encoders): the operations of the wire's TILES.
struct AccessUnit {
  std::vector<std::uint8_t> bytes;  // recycled through the encoder: see Encoder::recycle
  std::uint16_t operations = 0;     // tiles: how many; 0: video
  Rect shown;   // video: the part to be shown, in the coded picture's pixels; empty: all of it
  Rect window;  // video: where in the phone's picture the coded one lies; empty: it is all of it
  bool key = false;
  // The picture is as fine as this encoder makes it: encoding it again at rest would add nothing.
  bool settled = true;
  Codec codec = Codec::kH264;  // video
  int qp = 0;  // video: the H.264 quantiser it was coded with, 1–51; 0: the encoder does not say
  Size size;
  FrameStamps stamps;
  Duration encode_cpu{0};  // thread CPU time spent in the codec
};

struct EncodeRequest {
  PictureRef picture;
  FrameStamps stamps;
  bool force_key = false;
  // Share of a full machine against other phones: 2 gets twice the pictures of 1 (at most
  // EncodeSchedule::kMaxWeight).
  std::uint32_t weight = 1;
  Rect shown;  // handed on to the access unit
};

class Encoder {
 public:
  // An access unit, or why the picture was lost (the next picture is then a key frame).
  using Completion = std::function<void(Result<AccessUnit>)>;

  virtual ~Encoder() = default;

  // Takes the request when there is room. kWouldBlock leaves `request` untouched; the caller drops
  // or keeps it. Pictures of another size than settings: kInvalid; make a new encoder for a new
  // size.
  [[nodiscard]] virtual Status submit(EncodeRequest& request) = 0;
  // Asked before a picture is composed, so that it need not grow old in a queue. True: one
  // submitted right now is encoded next. False: others come first; what set_on_turn() has set is
  // called when its time has come, once, and ask_turn() is then true until that call returns. A
  // turn nobody uses passes on. Asking again while waiting is free. `input_sequence`: the newest
  // input handed to the app, 0: none; a picture that may answer one comes sooner.
  [[nodiscard]] virtual bool ask_turn(std::uint32_t input_sequence) = 0;
  virtual void set_on_turn(std::function<void()> on_turn) = 0;
  virtual void set_rate(EncoderRate rate) = 0;
  // Gives an access unit's memory back, so that steady state allocates nothing.
  virtual void recycle(AccessUnit unit) = 0;
  // Pictures submitted and not completed.
  [[nodiscard]] virtual int in_flight() const = 0;
  [[nodiscard]] virtual std::string_view name() const = 0;  // "x264", "openh264", "fake"
  // A device's: it reads pictures by itself, and no CPU has to touch them.
  [[nodiscard]] virtual bool on_device() const { return false; }
  // Makes pictures where this encoder reads them best; the shard's, outlives the encoder. Others
  // are taken as well as long as the CPU can read them.
  [[nodiscard]] virtual PictureAllocator& picture_memory() { return plain_memory(); }
};

// A codec that blocks its caller for one picture: what software encoder drivers implement.
// Thread rule: made on any thread, then used from one thread only.
class BlockingEncoder {
 public:
  virtual ~BlockingEncoder() = default;
  // out.shown is the request's: outside of it, unless it is empty, the picture equals the one
  // before or is not seen, and need not be coded. Appends exactly one access unit for the picture
  // to `out.bytes` (cleared by the caller), sets out.key, out.settled and, where it is known,
  // out.qp. out.stamps are the request's already: `captured` tells rate control the time.
  [[nodiscard]] virtual Status encode(const Picture& picture, bool force_key, AccessUnit& out) = 0;
  // Zero fields stay as they are; others are brought inside the codec's bounds.
  [[nodiscard]] virtual Status set_rate(EncoderRate rate) = 0;
  // A stream of another phone begins: what was learned of the one before is forgotten. The next
  // picture is a key frame (the caller forces it).
  [[nodiscard]] virtual Status begin(EncoderRate rate) { return set_rate(rate); }
};

class EventLoop;

// One row of the table of encoder drivers (drivers/encoders.h): explicit, no registration at
// start-up. A row has one of the two functions: codecs that block are run by the shard's encode
// thread and lent by its pool; a device works by itself and wakes the shard's loop.
struct EncoderDriver {
  std::string_view name;
  // Why it cannot serve these settings here and now ("libopenh264 is not built in"), or success.
  Status (*match)(const EncoderSettings& settings);
  Result<std::unique_ptr<BlockingEncoder>> (*create)(const EncoderSettings& settings) = nullptr;
  // kExhausted: all the device's instances are in use; the next row is asked.
  Result<std::unique_ptr<Encoder>> (*create_on)(EventLoop& loop, const EncoderSettings& settings,
                                                Encoder::Completion completion) = nullptr;
};

}  // namespace rp
