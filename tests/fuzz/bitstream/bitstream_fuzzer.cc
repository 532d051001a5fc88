// Goal: no coded buffer of a device is read past its end, and what is said of it is what its bytes
// say. Method: the first byte chooses the codec; the rest is one buffer. H.264 and HEVC are
// compared with a slow reading of the same rules; for all, bytes behind the first picture change
// nothing.
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/encode/bitstream.h"

namespace {

using rp::BufferContent;
using rp::Codec;

bool same(const BufferContent& a, const BufferContent& b) {
  return a.picture == b.picture && a.key == b.key && a.headers == b.headers;
}

// All NAL units' types first, each judged afterwards.
BufferContent slowly(bool hevc, std::span<const std::uint8_t> bytes) {
  constexpr std::array<std::uint8_t, 3> kStart = {0, 0, 1};
  const std::ptrdiff_t header_bytes = hevc ? 2 : 1;
  std::vector<int> types;
  for (auto at = bytes.begin(); at != bytes.end(); ++at) {
    at = std::search(at, bytes.end(), kStart.begin(), kStart.end());
    if (bytes.end() - at < 3 + header_bytes) break;
    if (!hevc) types.push_back(at[3] & 31);
    if (hevc && (at[4] & 7) != 0) types.push_back(at[3] >> 1 & 63);
  }
  const auto first = std::ranges::find_if(
      types, [&](int type) { return hevc ? type < 32 : type == 1 || type == 5; });
  const auto before = [&](int type) { return std::find(types.begin(), first, type) != first; };
  BufferContent content;
  content.picture = first != types.end();
  content.key = content.picture && (hevc ? *first >= 16 && *first <= 23 : *first == 5);
  content.headers = hevc ? before(32) && before(33) && before(34) : before(7) && before(8);
  return content;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::array kCodecs = {Codec::kH264, Codec::kHevc, Codec::kVp8, Codec::kFwht};
  const Codec codec = kCodecs.at(data[0] % kCodecs.size());
  // Exactly as long as it says, so that a read past the end is seen.
  const std::vector<std::uint8_t> bytes(data + 1, data + size);
  const BufferContent content = rp::inspect(codec, bytes);
  RP_CHECK(!content.key || content.picture);
  if (codec == Codec::kH264 || codec == Codec::kHevc) {
    RP_CHECK(same(content, slowly(codec == Codec::kHevc, bytes)));
  }
  const std::vector<std::uint8_t> half(bytes.begin(),
                                       bytes.begin() + static_cast<long>(bytes.size() / 2));
  const BufferContent begun = rp::inspect(codec, half);
  RP_CHECK(!begun.picture || same(begun, content));
  return 0;
}
