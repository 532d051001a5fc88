#include "tests/unit/drivers/v4l2/fake_device.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace rp::v4l2 {
namespace {

constexpr std::array<std::uint8_t, 10> kHeaders = {0, 0, 1, 0x67, 0x42, 0, 0, 1, 0x68, 0xce};

std::uint32_t aligned(std::uint32_t value, std::uint32_t to) { return (value + to - 1) / to * to; }

}  // namespace

FakeDevice::FakeDevice(FakeHardware& hardware)
    : hardware_(hardware), ready_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  ++hardware_.opened;
}

FakeDevice::~FakeDevice() {
  if (counted_) ++hardware_.instances;
}

bool FakeDevice::is_output(std::uint32_t type) const {
  return type == V4L2_BUF_TYPE_VIDEO_OUTPUT || type == V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE;
}

Status FakeDevice::control(unsigned long request, void* argument, const char* operation) {
  const int error = hardware_.gone ? ENODEV : answer(request, argument);
  encode();
  signal();
  if (error != 0) return fail_errno(error, operation);
  return {};
}

Result<std::span<std::uint8_t>> FakeDevice::map(std::size_t length_bytes, std::int64_t offset) {
  Side& owner = (offset & 1) != 0 ? output_ : capture_;
  Slot& slot = owner.slots.at(static_cast<std::size_t>(offset >> 3));
  auto& memory = slot.planes.at(static_cast<std::size_t>(offset >> 1 & 3));
  memory.resize(length_bytes);
  return memory;
}

void FakeDevice::wake() {
  encode();
  signal();
}

// The descriptor is readable while something can be taken.
void FakeDevice::signal() {
  std::uint64_t count = 0;
  (void)!::read(ready_.get(), &count, sizeof count);
  if (output_.done.empty() && capture_.done.empty() && events_ == 0 && !hardware_.gone) return;
  count = 1;
  (void)!::write(ready_.get(), &count, sizeof count);
}

int FakeDevice::answer(unsigned long request, void* argument) {
  switch (request) {
    case VIDIOC_QUERYCAP: {
      auto& capability = *static_cast<v4l2_capability*>(argument);
      capability.capabilities =
          V4L2_CAP_STREAMING |
          (hardware_.multiplanar ? V4L2_CAP_VIDEO_M2M_MPLANE : V4L2_CAP_VIDEO_M2M);
      std::strcpy(reinterpret_cast<char*>(capability.driver), "fake");
      return 0;
    }
    case VIDIOC_ENUM_FMT:
      return enumerate(*static_cast<v4l2_fmtdesc*>(argument));
    case VIDIOC_S_FMT:
      return set_format(*static_cast<v4l2_format*>(argument));
    case VIDIOC_G_FMT:
      return get_format(*static_cast<v4l2_format*>(argument));
    case VIDIOC_S_SELECTION: {
      auto& r = static_cast<v4l2_selection*>(argument)->r;
      if (!hardware_.crops) return ENOTTY;
      hardware_.cropped = {static_cast<std::int32_t>(r.width), static_cast<std::int32_t>(r.height)};
      return 0;
    }
    case VIDIOC_REQBUFS:
      return request_buffers(*static_cast<v4l2_requestbuffers*>(argument));
    case VIDIOC_QUERYBUF:
      return query_buffer(*static_cast<v4l2_buffer*>(argument));
    case VIDIOC_QBUF:
      return enqueue(*static_cast<v4l2_buffer*>(argument));
    case VIDIOC_DQBUF:
      return dequeue(*static_cast<v4l2_buffer*>(argument));
    case VIDIOC_STREAMON:
    case VIDIOC_STREAMOFF:
      return stream(static_cast<std::uint32_t>(*static_cast<int*>(argument)),
                    request == VIDIOC_STREAMON);
    case VIDIOC_QUERYCTRL:
      return query_control(*static_cast<v4l2_queryctrl*>(argument));
    case VIDIOC_S_CTRL:
      return set_control(*static_cast<v4l2_control*>(argument));
    case VIDIOC_ENCODER_CMD:
      return command(*static_cast<v4l2_encoder_cmd*>(argument));
    case VIDIOC_DQEVENT:
      if (events_ == 0) return ENOENT;
      --events_;
      static_cast<v4l2_event*>(argument)->type = V4L2_EVENT_EOS;
      return 0;
    case VIDIOC_SUBSCRIBE_EVENT:
      return 0;
    default:
      return ENOTTY;
  }
}

int FakeDevice::enumerate(v4l2_fmtdesc& description) {
  const auto& list = is_output(description.type) ? hardware_.raw : hardware_.coded;
  if (description.index >= list.size()) return EINVAL;
  description.pixelformat = list[description.index];
  return 0;
}

int FakeDevice::set_format(v4l2_format& format) {
  Side& s = side(format.type);
  const bool output = is_output(format.type);
  const auto& list = output ? hardware_.raw : hardware_.coded;
  const auto& mp = format.fmt.pix_mp;
  const auto& sp = format.fmt.pix;
  const std::uint32_t wanted = hardware_.multiplanar ? mp.pixelformat : sp.pixelformat;
  s.fourcc = std::ranges::find(list, wanted) != list.end() ? wanted : list.front();
  const std::uint32_t to = output ? hardware_.alignment_px : 1;
  s.width = aligned(hardware_.multiplanar ? mp.width : sp.width, to);
  s.height = aligned(hardware_.multiplanar ? mp.height : sp.height, to);
  s.size_bytes = s.width * s.height * 3 / 2;
  return get_format(format);
}

int FakeDevice::get_format(v4l2_format& format) {
  const Side& s = side(format.type);
  const std::uint32_t stride = is_output(format.type) ? s.width : 0;
  if (hardware_.multiplanar) {
    auto& pix = format.fmt.pix_mp;
    pix.pixelformat = s.fourcc;
    pix.width = s.width;
    pix.height = s.height;
    const bool apart = s.fourcc == V4L2_PIX_FMT_NV12M;
    pix.num_planes = apart ? 2 : 1;
    pix.plane_fmt[0].bytesperline = stride;
    pix.plane_fmt[0].sizeimage = apart ? s.width * s.height : s.size_bytes;
    pix.plane_fmt[1].bytesperline = stride;
    pix.plane_fmt[1].sizeimage = s.width * s.height / 2;
  } else {
    auto& pix = format.fmt.pix;
    pix.pixelformat = s.fourcc;
    pix.width = s.width;
    pix.height = s.height;
    pix.bytesperline = stride;
    pix.sizeimage = s.size_bytes;
  }
  return 0;
}

int FakeDevice::request_buffers(v4l2_requestbuffers& request) {
  Side& s = side(request.type);
  if (request.count > 0 && !counted_) {
    if (hardware_.instances == 0) return EBUSY;
    --hardware_.instances;
    counted_ = true;
  }
  s.slots.assign(request.count, {});
  s.queued.clear();
  s.done.clear();
  s.memory = request.memory;
  return 0;
}

int FakeDevice::query_buffer(v4l2_buffer& buffer) {
  const Side& s = side(buffer.type);
  const auto offset =
      static_cast<std::uint32_t>(buffer.index * 8 + (is_output(buffer.type) ? 1U : 0U));
  if (buffer.index >= s.slots.size()) return EINVAL;
  if (hardware_.multiplanar) {
    for (std::uint32_t p = 0; p < buffer.length; ++p) {
      buffer.m.planes[p].length = s.size_bytes;
      buffer.m.planes[p].m.mem_offset = offset + p * 2;
    }
  } else {
    buffer.length = s.size_bytes;
    buffer.m.offset = offset;
  }
  return 0;
}

int FakeDevice::enqueue(v4l2_buffer& buffer) {
  Side& s = side(buffer.type);
  if (buffer.index >= s.slots.size() || buffer.memory != s.memory) return EINVAL;
  if (buffer.memory == V4L2_MEMORY_DMABUF && hardware_.dmabuf_refused) return EINVAL;
  s.slots[buffer.index].timestamp = buffer.timestamp;
  s.queued.push_back(buffer.index);
  return 0;
}

int FakeDevice::dequeue(v4l2_buffer& buffer) {
  Side& s = side(buffer.type);
  const bool output = is_output(buffer.type);
  if (!output && last_taken_) return EPIPE;
  if (s.done.empty()) return EAGAIN;
  const std::uint32_t index = s.done.front();
  s.done.pop_front();
  const Slot& slot = s.slots[index];
  buffer.index = index + hardware_.bogus_index;
  buffer.timestamp = slot.timestamp;
  buffer.flags = slot.flags;
  if (hardware_.multiplanar) {
    buffer.m.planes[0].bytesused = slot.bytes;
  } else {
    buffer.bytesused = slot.bytes;
  }
  if (!output && (slot.flags & V4L2_BUF_FLAG_LAST) != 0) last_taken_ = true;
  return 0;
}

int FakeDevice::stream(std::uint32_t type, bool on) {
  Side& s = side(type);
  if (!on) {
    s.queued.clear();
    s.done.clear();
  } else if (!is_output(type)) {
    key_next_ = true;
    last_taken_ = false;
    stopped_ = false;
    draining_ = false;
    ++hardware_.streams_begun;
  }
  s.streaming = on;
  return 0;
}

int FakeDevice::query_control(v4l2_queryctrl& control) const {
  if (!hardware_.controls.contains(control.id)) return EINVAL;
  control.type = control.id == V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME ? V4L2_CTRL_TYPE_BUTTON
                                                                   : V4L2_CTRL_TYPE_INTEGER;
  control.minimum = 0;
  control.maximum = 50'000'000;
  control.step = 1;
  control.flags = 0;
  return 0;
}

int FakeDevice::set_control(const v4l2_control& control) {
  const auto& busy = hardware_.busy_controls;
  if (capture_.streaming && std::ranges::find(busy, control.id) != busy.end()) return EBUSY;
  hardware_.controls[control.id] = control.value;
  if (control.id == V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME && !hardware_.deaf_to_keys) {
    key_next_ = true;
  }
  return 0;
}

int FakeDevice::command(const v4l2_encoder_cmd& command) {
  if (!hardware_.drains) return ENOTTY;
  if (command.cmd == V4L2_ENC_CMD_STOP) {
    ++hardware_.drains_begun;
    draining_ = true;
  } else {
    stopped_ = false;
    if (!hardware_.sticky_last) last_taken_ = false;
  }
  return 0;
}

void FakeDevice::encode() {
  if (hardware_.silent || hardware_.gone || !output_.streaming || !capture_.streaming) return;
  const auto kept = static_cast<std::size_t>(draining_ ? 0 : hardware_.held_back);
  while (!stopped_ && output_.queued.size() > kept && !capture_.queued.empty()) encode_one();
  if (!draining_ || !output_.queued.empty() || capture_.queued.empty()) return;
  Slot& slot = capture_.slots[capture_.queued.front()];  // the last one, empty
  slot.bytes = 0;
  slot.flags = V4L2_BUF_FLAG_LAST;
  slot.timestamp = {};
  capture_.done.push_back(capture_.queued.front());
  capture_.queued.pop_front();
  draining_ = false;
  stopped_ = true;
  ++events_;
}

void FakeDevice::encode_one() {
  const std::uint32_t from = output_.queued.front();
  output_.queued.pop_front();
  output_.done.push_back(from);
  const Slot& raw = output_.slots[from];
  if (hardware_.left_out > 0) {
    --hardware_.left_out;
    return;
  }
  const auto give = [&](std::vector<std::uint8_t> bytes, std::uint32_t flags) {
    Slot& slot = capture_.slots[capture_.queued.front()];
    std::ranges::copy(bytes, slot.planes[0].begin());
    slot.bytes = static_cast<std::uint32_t>(bytes.size());
    slot.flags = flags;
    slot.timestamp = raw.timestamp;
    capture_.done.push_back(capture_.queued.front());
    capture_.queued.pop_front();
  };
  if (hardware_.errors > 0) {
    --hardware_.errors;
    give({}, V4L2_BUF_FLAG_ERROR);
    return;
  }
  const bool key = std::exchange(key_next_, false);
  std::vector<std::uint8_t> bytes;
  if (hardware_.separate_headers) {
    if (!std::exchange(headers_given_, true)) give({kHeaders.begin(), kHeaders.end()}, 0);
  } else if (key) {
    bytes.assign(kHeaders.begin(), kHeaders.end());
  }
  const std::uint8_t luma = raw.planes[0].empty() ? std::uint8_t{0} : raw.planes[0][0];
  const std::array<std::uint8_t, 5> slice = {0, 0, 1, key ? std::uint8_t{0x65} : std::uint8_t{0x41},
                                             luma};
  bytes.insert(bytes.end(), slice.begin(), slice.end());
  give(std::move(bytes), 0);
}

}  // namespace rp::v4l2
