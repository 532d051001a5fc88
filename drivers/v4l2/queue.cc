#include "drivers/v4l2/queue.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace rp::v4l2 {
namespace {

constexpr std::uint32_t kMaxFormats = 64;
constexpr std::uint32_t kMaxBuffers = 32;
constexpr std::uint32_t kMaxBufferBytes = 256U << 20;
constexpr std::uint32_t kMaxPlanes = 3;

std::uint32_t buffer_type(Direction direction, bool multiplanar) {
  if (direction == Direction::kOutput) {
    return multiplanar ? V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE : V4L2_BUF_TYPE_VIDEO_OUTPUT;
  }
  return multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
}

std::uint32_t v4l2_memory(BufferMemory memory) {
  return memory == BufferMemory::kDmabuf ? V4L2_MEMORY_DMABUF : V4L2_MEMORY_MMAP;
}

// BT.601 matrix, limited range, sRGB transfer, BT.709 primaries: engine/frame/picture.h.
template <typename PixFormat>
void say_colours(PixFormat& pix) {
  pix.colorspace = V4L2_COLORSPACE_REC709;
  pix.xfer_func = V4L2_XFER_FUNC_SRGB;
  pix.ycbcr_enc = V4L2_YCBCR_ENC_601;
  pix.quantization = V4L2_QUANTIZATION_LIM_RANGE;
  pix.field = V4L2_FIELD_NONE;
}

bool means_exhausted(const Error& error) {
  const int e = error.errno_value;
  return e == EBUSY || e == ENOMEM || e == ENOSPC || e == EAGAIN || e == EUSERS;
}

}  // namespace

// One v4l2_buffer with room for its planes.
struct Queue::Request {
  v4l2_buffer buffer{};
  std::array<v4l2_plane, VIDEO_MAX_PLANES> planes{};
};

Queue::Queue(Device& device, Direction direction, bool multiplanar)
    : device_(device),
      direction_(direction),
      multiplanar_(multiplanar),
      type_(buffer_type(direction, multiplanar)) {}

Queue::~Queue() { release(); }

Result<std::vector<std::uint32_t>> Queue::formats() const {
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < kMaxFormats; ++i) {
    v4l2_fmtdesc description{};
    description.index = i;
    description.type = type_;
    if (const Status status = RP_V4L2(device_, VIDIOC_ENUM_FMT, &description); !status) {
      if (status.error().errno_value == EINVAL) break;  // the end of the list
      return forward(status.error());
    }
    all.push_back(description.pixelformat);
  }
  return all;
}

namespace {

Result<QueueFormat> read_format(const v4l2_format& from, bool multiplanar) {
  QueueFormat format;
  const auto side = [](std::uint32_t value) {
    return static_cast<std::int32_t>(std::min(value, 1U << 16));
  };
  if (multiplanar) {
    const auto& pix = from.fmt.pix_mp;
    if (pix.num_planes < 1 || pix.num_planes > kMaxPlanes) {
      return fail(ErrorCode::kInvalid, "the device's format has a bad number of planes");
    }
    format.fourcc = pix.pixelformat;
    format.size = {side(pix.width), side(pix.height)};
    format.planes = pix.num_planes;
    for (std::size_t i = 0; i < pix.num_planes; ++i) {
      format.stride_bytes[i] = pix.plane_fmt[i].bytesperline;
      format.size_bytes[i] = pix.plane_fmt[i].sizeimage;
    }
  } else {
    const auto& pix = from.fmt.pix;
    format.fourcc = pix.pixelformat;
    format.size = {side(pix.width), side(pix.height)};
    format.stride_bytes[0] = pix.bytesperline;
    format.size_bytes[0] = pix.sizeimage;
  }
  for (const std::uint32_t bytes : format.size_bytes) {
    if (bytes > kMaxBufferBytes) {
      return fail(ErrorCode::kInvalid, "the device's buffers are too large");
    }
  }
  return format;
}

}  // namespace

Result<QueueFormat> Queue::format() {
  v4l2_format format{};
  format.type = type_;
  RP_TRY(RP_V4L2(device_, VIDIOC_G_FMT, &format));
  RP_ASSIGN(format_, read_format(format, multiplanar_));
  return format_;
}

Result<QueueFormat> Queue::set_format(std::uint32_t fourcc, Size size, std::uint32_t size_bytes) {
  v4l2_format format{};
  format.type = type_;
  if (multiplanar_) {
    auto& pix = format.fmt.pix_mp;
    pix.width = static_cast<std::uint32_t>(size.width);
    pix.height = static_cast<std::uint32_t>(size.height);
    pix.pixelformat = fourcc;
    pix.plane_fmt[0].sizeimage = size_bytes;
    pix.num_planes = 1;
    for (const RawFormat& raw : raw_formats()) {
      if (raw.fourcc == fourcc) pix.num_planes = static_cast<std::uint8_t>(raw.memory_planes);
    }
    say_colours(pix);
  } else {
    auto& pix = format.fmt.pix;
    pix.width = static_cast<std::uint32_t>(size.width);
    pix.height = static_cast<std::uint32_t>(size.height);
    pix.pixelformat = fourcc;
    pix.sizeimage = size_bytes;
    say_colours(pix);
  }
  if (const Status set = RP_V4L2(device_, VIDIOC_S_FMT, &format); !set) {
    if (means_exhausted(set.error())) {
      return std::unexpected(
          Error{ErrorCode::kExhausted, set.error().errno_value, set.error().operation});
    }
    return forward(set.error());
  }
  RP_ASSIGN(format_, read_format(format, multiplanar_));
  return format_;
}

Result<Size> Queue::crop(Size size) {
  v4l2_selection selection{};
  // This call takes the single-planar type for both (kernel documentation, VIDIOC_G_SELECTION);
  // drivers from before Linux 4.13 take only the queue's own.
  for (const std::uint32_t type : {buffer_type(direction_, false), type_}) {
    selection = {};
    selection.type = type;
    selection.target = V4L2_SEL_TGT_CROP;
    selection.r = {0, 0, static_cast<std::uint32_t>(size.width),
                   static_cast<std::uint32_t>(size.height)};
    const Status set = RP_V4L2(device_, VIDIOC_S_SELECTION, &selection);
    if (set) break;
    if (type == type_) return forward(set.error());
  }
  const auto side = [](std::uint32_t value) {
    return static_cast<std::int32_t>(std::min(value, 1U << 16));
  };
  return Size{side(selection.r.width), side(selection.r.height)};
}

Status Queue::set_framerate(std::uint32_t framerate) {
  v4l2_streamparm parameters{};
  parameters.type = type_;
  parameters.parm.output.timeperframe = {1, framerate};
  return RP_V4L2(device_, VIDIOC_S_PARM, &parameters);
}

Status Queue::allocate(BufferMemory memory, std::uint32_t count) {
  release();
  v4l2_requestbuffers request{};
  request.type = type_;
  request.memory = v4l2_memory(memory == BufferMemory::kNone ? memory_ : memory);
  request.count = memory == BufferMemory::kNone ? 0 : count;
  memory_ = BufferMemory::kNone;
  if (const Status asked = RP_V4L2(device_, VIDIOC_REQBUFS, &request); !asked) {
    Error error = asked.error();
    if (means_exhausted(error)) error.code = ErrorCode::kExhausted;
    return forward(std::move(error));
  }
  if (memory == BufferMemory::kNone) return {};
  if (request.count == 0 || request.count > kMaxBuffers) {
    return fail(ErrorCode::kExhausted, "VIDIOC_REQBUFS: no usable number of buffers");
  }
  memory_ = memory;
  for (std::uint32_t i = 0; i < request.count; ++i) {
    Buffer buffer;
    if (memory == BufferMemory::kMapped) {
      RP_ASSIGN(buffer, map(i));
    }
    buffers_.push_back(std::move(buffer));
  }
  return {};
}

Result<Queue::Buffer> Queue::map(std::uint32_t index) {
  Request request;
  request.buffer.index = index;
  request.buffer.type = type_;
  request.buffer.memory = V4L2_MEMORY_MMAP;
  if (multiplanar_) {
    request.buffer.m.planes = request.planes.data();
    request.buffer.length = static_cast<std::uint32_t>(format_.planes);
  }
  RP_TRY(RP_V4L2(device_, VIDIOC_QUERYBUF, &request.buffer));
  Buffer buffer;
  for (int plane = 0; plane < format_.planes; ++plane) {
    const auto p = static_cast<std::size_t>(plane);
    const std::uint32_t length = multiplanar_ ? request.planes[p].length : request.buffer.length;
    const std::uint32_t offset =
        multiplanar_ ? request.planes[p].m.mem_offset : request.buffer.m.offset;
    if (length == 0 || length > kMaxBufferBytes || length < format_.size_bytes[p]) {
      return fail(ErrorCode::kInvalid, "VIDIOC_QUERYBUF: a buffer is smaller than its format");
    }
    RP_ASSIGN(auto memory, device_.map(length, offset));
    buffer.planes.push_back(memory);
  }
  return buffer;
}

void Queue::release() {
  for (const Buffer& buffer : buffers_) {
    for (const auto memory : buffer.planes) device_.unmap(memory);
  }
  buffers_.clear();
}

std::span<std::uint8_t> Queue::plane(std::uint32_t index, int plane) const {
  return buffers_[index].planes[static_cast<std::size_t>(plane)];
}

Status Queue::start() {
  int type = static_cast<int>(type_);
  return RP_V4L2(device_, VIDIOC_STREAMON, &type);
}

Status Queue::stop() {
  int type = static_cast<int>(type_);
  for (Buffer& buffer : buffers_) buffer.queued = false;
  return RP_V4L2(device_, VIDIOC_STREAMOFF, &type);
}

Status Queue::send(Request& request, std::uint32_t index) {
  request.buffer.index = index;
  request.buffer.type = type_;
  request.buffer.memory = v4l2_memory(memory_);
  request.buffer.field = V4L2_FIELD_NONE;
  if (multiplanar_) {
    request.buffer.m.planes = request.planes.data();
    request.buffer.length = static_cast<std::uint32_t>(format_.planes);
  }
  RP_TRY(RP_V4L2(device_, VIDIOC_QBUF, &request.buffer));
  buffers_[index].queued = true;
  return {};
}

namespace {

// A tag is the time stamp's microseconds: devices copy the time stamp and look at nothing in it.
void set_tag(v4l2_buffer& buffer, std::uint64_t tag) {
  buffer.timestamp.tv_sec = static_cast<time_t>(tag / 1'000'000);
  buffer.timestamp.tv_usec = static_cast<suseconds_t>(tag % 1'000'000);
}

std::uint64_t tag_of(const v4l2_buffer& buffer) {
  return static_cast<std::uint64_t>(buffer.timestamp.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(buffer.timestamp.tv_usec);
}

}  // namespace

Status Queue::enqueue(std::uint32_t index, std::uint64_t tag, std::uint32_t bytes) {
  Request request;
  set_tag(request.buffer, tag);
  if (direction_ == Direction::kOutput) {
    for (std::size_t p = 0; p < static_cast<std::size_t>(format_.planes); ++p) {
      request.planes[p].bytesused = format_.size_bytes[p];
      request.planes[p].length = static_cast<std::uint32_t>(buffers_[index].planes[p].size());
    }
    if (bytes != 0) request.planes[0].bytesused = bytes;
    if (!multiplanar_) request.buffer.bytesused = request.planes[0].bytesused;
  }
  return send(request, index);
}

Status Queue::enqueue_dmabuf(std::uint32_t index, int dmabuf, std::uint64_t tag) {
  Request request;
  set_tag(request.buffer, tag);
  if (multiplanar_) {
    request.planes[0].m.fd = dmabuf;
    request.planes[0].bytesused = format_.size_bytes[0];
    request.planes[0].length = format_.size_bytes[0];
  } else {
    request.buffer.m.fd = dmabuf;
    request.buffer.bytesused = format_.size_bytes[0];
    request.buffer.length = format_.size_bytes[0];
  }
  return send(request, index);
}

Result<Dequeued> Queue::dequeue() {
  Request request;
  request.buffer.type = type_;
  request.buffer.memory = v4l2_memory(memory_);
  if (multiplanar_) {
    request.buffer.m.planes = request.planes.data();
    request.buffer.length = VIDEO_MAX_PLANES;
  }
  if (const Status status = RP_V4L2(device_, VIDIOC_DQBUF, &request.buffer); !status) {
    Error error = status.error();
    if (error.errno_value == EPIPE) error.code = ErrorCode::kClosed;
    return forward(std::move(error));
  }
  const std::uint32_t index = request.buffer.index;
  if (index >= buffers_.size() || !buffers_[index].queued) {
    return fail(ErrorCode::kInternal, "VIDIOC_DQBUF: the device gave a buffer it does not have");
  }
  buffers_[index].queued = false;
  Dequeued done;
  done.index = index;
  done.tag = tag_of(request.buffer);
  done.error = (request.buffer.flags & V4L2_BUF_FLAG_ERROR) != 0;
  done.last = (request.buffer.flags & V4L2_BUF_FLAG_LAST) != 0;
  done.bytes = multiplanar_ ? request.planes[0].bytesused : request.buffer.bytesused;
  const std::uint32_t offset = multiplanar_ ? request.planes[0].data_offset : 0;
  const bool fits = direction_ == Direction::kOutput || memory_ != BufferMemory::kMapped ||
                    (offset == 0 && done.bytes <= buffers_[index].planes[0].size());
  if (!fits) {
    done.error = true;
    done.bytes = 0;
  }
  return done;
}

}  // namespace rp::v4l2
