// Goal: the kernel lab has the interfaces that the lab's other tests are about, so that one of them
// failing speaks about our code. Method: each interface is opened and made to do its least thing.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/android/binderfs.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <linux/videodev2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/unique_fd.h"

namespace rp {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

UniqueFd open_device(const char* path) { return UniqueFd(::open(path, O_RDWR | O_CLOEXEC)); }

std::string content(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What /sys says of a video device, without opening it.
v4l2_capability capability_of(const char* path) {
  v4l2_capability capability{};
  const UniqueFd device = open_device(path);
  EXPECT_TRUE(device) << path << ": " << std::strerror(errno);
  EXPECT_EQ(::ioctl(device.get(), VIDIOC_QUERYCAP, &capability), 0) << std::strerror(errno);
  return capability;
}

TEST(Lab, VideoDevicesEncodeAndDecode) {
  for (const auto& [path, name] : {std::pair{"/dev/video0", "stateful-encoder"},
                                   std::pair{"/dev/video1", "stateful-decoder"}}) {
    const v4l2_capability capability = capability_of(path);
    EXPECT_STREQ(reinterpret_cast<const char*>(capability.driver), "vicodec");
    EXPECT_NE(capability.device_caps & (V4L2_CAP_VIDEO_M2M | V4L2_CAP_VIDEO_M2M_MPLANE), 0U);
    const std::string sysfs = std::string("/sys/class/video4linux/") + std::strrchr(path, 'v');
    EXPECT_THAT(content((sysfs + "/name").c_str()), testing::HasSubstr(name));
  }
}

TEST(Lab, AMemfdBecomesADmaBuffer) {
  const UniqueFd memory(::memfd_create("picture", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(memory.get(), kBufferBytes), 0);
  ASSERT_EQ(::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
  const UniqueFd device = open_device("/dev/udmabuf");
  ASSERT_TRUE(device) << std::strerror(errno);
  udmabuf_create request{};
  request.memfd = static_cast<__u32>(memory.get());
  request.flags = UDMABUF_FLAGS_CLOEXEC;
  request.size = kBufferBytes;
  const UniqueFd buffer(::ioctl(device.get(), UDMABUF_CREATE, &request));
  ASSERT_TRUE(buffer) << std::strerror(errno);
  EXPECT_EQ(::lseek(buffer.get(), 0, SEEK_END), static_cast<off_t>(kBufferBytes));
}

TEST(Lab, TheSystemHeapGivesDmaBuffers) {
  const UniqueFd heap = open_device("/dev/dma_heap/system");
  ASSERT_TRUE(heap) << std::strerror(errno);
  dma_heap_allocation_data request{};
  request.len = kBufferBytes;
  request.fd_flags = O_RDWR | O_CLOEXEC;
  ASSERT_EQ(::ioctl(heap.get(), DMA_HEAP_IOCTL_ALLOC, &request), 0) << std::strerror(errno);
  const UniqueFd buffer(static_cast<int>(request.fd));
  void* bytes =
      ::mmap(nullptr, kBufferBytes, PROT_READ | PROT_WRITE, MAP_SHARED, buffer.get(), 0);
  ASSERT_NE(bytes, MAP_FAILED) << std::strerror(errno);
  std::memset(bytes, 0x5a, kBufferBytes);
  EXPECT_EQ(static_cast<unsigned char*>(bytes)[kBufferBytes - 1], 0x5a);
  ::munmap(bytes, kBufferBytes);
}

TEST(Lab, ATcpSocketTakesKernelTls) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener.get(), generic, length), 0) << std::strerror(errno);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), generic, &length), 0);
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), generic, length), 0) << std::strerror(errno);
  EXPECT_EQ(::setsockopt(client.get(), IPPROTO_TCP, TCP_ULP, "tls", 3), 0) << std::strerror(errno);
  EXPECT_THAT(content("/proc/net/tls_stat"), testing::HasSubstr("TlsTxSw"));
}

TEST(Lab, LinksCanBeMadeBad) {
  EXPECT_EQ(std::system("ip link add left type veth peer name right"), 0);
  EXPECT_EQ(std::system("tc qdisc add dev left root netem delay 20ms loss 1%"), 0);
  EXPECT_EQ(std::system("ip link add bridge0 type bridge"), 0);
  EXPECT_EQ(std::system("ip link delete left"), 0);
  EXPECT_TRUE(open_device("/dev/net/tun"));
}

TEST(Lab, ControlGroupsAreVersionTwo) {
  const std::string controllers = content("/sys/fs/cgroup/cgroup.controllers");
  for (const char* name : {"cpu", "memory", "pids"}) {
    EXPECT_THAT(controllers, testing::HasSubstr(name));
  }
  EXPECT_THAT(content("/proc/pressure/cpu"), testing::HasSubstr("some avg10="));
}

TEST(Lab, BinderDevicesAreMadeOnDemand) {
  const UniqueFd control(::open("/dev/binderfs/binder-control", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(control) << std::strerror(errno);
  binderfs_device device{};
  std::strcpy(device.name, "phone1");
  ASSERT_EQ(::ioctl(control.get(), BINDER_CTL_ADD, &device), 0) << std::strerror(errno);
  EXPECT_TRUE(open_device("/dev/binderfs/phone1")) << std::strerror(errno);
}

TEST(Lab, GraphicsAndFencesWithoutACard) {
  EXPECT_TRUE(open_device("/dev/dri/card0")) << std::strerror(errno);
  EXPECT_TRUE(open_device("/dev/dri/renderD128")) << std::strerror(errno);
  EXPECT_TRUE(open_device("/sys/kernel/debug/sync/sw_sync")) << std::strerror(errno);
}

TEST(Lab, TheHostCannotBeWrittenTo) {
  const UniqueFd file(::open("/etc/rackphone-lab", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  EXPECT_FALSE(file);
  EXPECT_EQ(errno, EROFS);
}

}  // namespace
}  // namespace rp
