// A memory-to-memory encoder in this process: enough of V4L2 for the driver to run on, with the
// faults and habits real devices have, switched on by hand. Its stream is H.264 in form: parameter
// sets, one slice a picture, and in it the picture's first luma byte. Thread rule: one thread.
#pragma once

#include <linux/videodev2.h>
#include <sys/eventfd.h>

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "drivers/v4l2/device.h"
#include "engine/base/unique_fd.h"
#include "engine/frame/geometry.h"

namespace rp::v4l2 {

// The chip: what all its instances share.
struct FakeHardware {
  bool multiplanar = false;
  std::vector<std::uint32_t> coded = {V4L2_PIX_FMT_H264};
  std::vector<std::uint32_t> raw = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420};
  std::uint32_t alignment_px = 16;
  bool crops = true;
  int instances = 4;                               // free ones
  std::map<std::uint32_t, std::int32_t> controls;  // there are these; the value as last set
  std::vector<std::uint32_t> busy_controls;        // refused while it streams
  bool dmabuf_refused = false;
  bool gone = false;    // every call: ENODEV
  bool silent = false;  // takes pictures, gives nothing
  int held_back = 0;    // pictures it keeps until more come or it is drained
  bool drains = true;
  bool sticky_last = false;       // says EPIPE even after the drain has ended
  bool separate_headers = false;  // in a buffer of their own, once
  bool deaf_to_keys = false;      // the control does nothing
  int errors = 0;                 // so many pictures fail from now on
  int left_out = 0;               // so many give no coded buffer at all
  std::uint32_t bogus_index = 0;  // added to every index it gives back
  // What happened.
  int opened = 0;
  int drains_begun = 0;
  int streams_begun = 0;
  Size cropped;
};

class FakeDevice final : public Device {
 public:
  explicit FakeDevice(FakeHardware& hardware);
  FakeDevice(const FakeDevice&) = delete;
  FakeDevice& operator=(const FakeDevice&) = delete;
  ~FakeDevice() override;

  Status control(unsigned long request, void* argument, const char* operation) override;
  Result<std::span<std::uint8_t>> map(std::size_t length_bytes, std::int64_t offset) override;
  void unmap(std::span<std::uint8_t> /*memory*/) override {}
  [[nodiscard]] int descriptor() const override { return ready_.get(); }
  // As after a change of FakeHardware from outside: what can go on goes on.
  void wake();

 private:
  struct Slot {
    std::array<std::vector<std::uint8_t>, 3> planes;
    timeval timestamp{};
    std::uint32_t bytes = 0;
    std::uint32_t flags = 0;
  };
  struct Side {
    std::uint32_t fourcc = 0;
    std::uint32_t width = 64;
    std::uint32_t height = 64;
    std::uint32_t size_bytes = 0;
    std::uint32_t memory = 0;
    bool streaming = false;
    std::vector<Slot> slots;
    std::deque<std::uint32_t> queued;
    std::deque<std::uint32_t> done;
  };

  int answer(unsigned long request, void* argument);  // 0 or an errno
  int enumerate(v4l2_fmtdesc& description);
  int set_format(v4l2_format& format);
  int get_format(v4l2_format& format);
  int request_buffers(v4l2_requestbuffers& request);
  int query_buffer(v4l2_buffer& buffer);
  int enqueue(v4l2_buffer& buffer);
  int dequeue(v4l2_buffer& buffer);
  int stream(std::uint32_t type, bool on);
  int query_control(v4l2_queryctrl& control) const;
  int set_control(const v4l2_control& control);
  int command(const v4l2_encoder_cmd& command);
  void encode();
  void encode_one();
  void signal();
  [[nodiscard]] bool is_output(std::uint32_t type) const;
  Side& side(std::uint32_t type) { return is_output(type) ? output_ : capture_; }

  FakeHardware& hardware_;
  UniqueFd ready_;
  Side output_;
  Side capture_;
  bool counted_ = false;  // it holds one of the hardware's instances
  bool key_next_ = true;
  bool headers_given_ = false;
  bool draining_ = false;
  bool stopped_ = false;
  bool last_taken_ = false;
  int events_ = 0;
};

}  // namespace rp::v4l2
