// What the pixels of a buffer in shared memory cost the CPU before a device draws them: copied to
// where it reads; announced, when it reads them where they lie; and made into a dma-buf that is
// imported, which comes once. Run by bench/udmabuf/run, in the kernel lab.
#include <cstring>

#include <benchmark/benchmark.h>

#include "drivers/udmabuf/device.h"
#include "drivers/vulkan/memory.h"
#include "engine/frame/cpu_access.h"

namespace rp {
namespace {

using vulkan::Buffer;

// An app's memory, filled, and the devices that are to read it.
struct Place {
  explicit Place(benchmark::State& state)
      : bytes(static_cast<std::size_t>(state.range(0)) << 10),
        memfd(create_memory_file("pixels", bytes).value()),
        map(PixelMapping::of_device(memfd.get(), bytes, 0).value()) {
    std::memset(map.data(), 0x40, bytes);
    auto opened = UdmabufDevice::open("/dev");
    auto found = vulkan::Device::create({.allow_software = true});
    if (!opened || !found || !(*found)->can().import_dmabuf) {
      state.SkipWithError("there is no udmabuf, or no Vulkan that imports dma-bufs");
      return;
    }
    udmabuf = std::move(*opened);
    device = std::move(*found);
  }
  [[nodiscard]] UniqueFd make_dmabuf() const {
    UniqueFd fd = udmabuf->make_dmabuf(memfd.get(), {0, bytes}).value();
    flush_cpu_writes(fd.get());
    return fd;
  }
  std::size_t bytes;
  UniqueFd memfd;
  PixelMapping map;
  std::unique_ptr<UdmabufDevice> udmabuf;
  std::shared_ptr<vulkan::Device> device;
};

void copied(benchmark::State& state) {
  const Place place(state);
  if (place.device == nullptr) return;
  const auto to = Buffer::create(*place.device, place.bytes, vulkan::BufferUse::kUpload).value();
  std::memset(to->map(), 0, place.bytes);  // the lab's page faults are slow
  for (auto _ : state) {
    std::memcpy(to->map(), place.map.data(), place.bytes);
    benchmark::ClobberMemory();
  }
}

void in_place(benchmark::State& state) {
  const Place place(state);
  if (place.device == nullptr) return;
  const UniqueFd dmabuf = place.make_dmabuf();
  for (auto _ : state) flush_more_cpu_writes(dmabuf.get());
}

void once(benchmark::State& state) {
  const Place place(state);
  if (place.device == nullptr) return;
  for (auto _ : state) {
    const UniqueFd dmabuf = place.make_dmabuf();
    if (!Buffer::import_dmabuf(*place.device, dmabuf.get(), place.bytes)) {
      state.SkipWithError("not imported");
      return;
    }
  }
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Unit(benchmark::kMicrosecond)->UseRealTime();
  for (const int kib : {64, 256, 512, 1024, 4096, 16'384}) benchmark->Arg(kib);
}

BENCHMARK(copied)->Apply(sizes);
BENCHMARK(in_place)->Apply(sizes);
BENCHMARK(once)->Apply(sizes);

}  // namespace
}  // namespace rp

BENCHMARK_MAIN();
