// Every bound the engine holds against what comes from outside, in one place. Each is enforced
// where it is used, answered with a named error, and counted. Thread rule: constants.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rp::limits {

// Display of one phone.
inline constexpr std::int32_t kMaxOutputSide_px = 4096;
inline constexpr std::int32_t kMinOutputSide_px = 64;
inline constexpr std::int32_t kMaxBufferSide_px = 8192;
inline constexpr std::size_t kMaxSurfacesPerClient = 2048;
inline constexpr std::size_t kMaxClientsPerPhone = 128;
inline constexpr std::size_t kMaxObjectsPerClient = 65'536;
inline constexpr std::size_t kMaxFrameCallbacksPerSurface = 256;
inline constexpr std::size_t kMaxDamageRects = 64;   // more are merged to their bounding box
inline constexpr std::size_t kMaxExactRects = 1024;  // of an opaque or input region
inline constexpr std::size_t kMaxSubsurfaceDepth = 32;
inline constexpr std::size_t kMaxSurfaceRects = 64;  // of one surface's opaque or input region
inline constexpr std::size_t kMaxRegionRectsPerClient = 65'536;
inline constexpr std::size_t kMaxBuffersPerClient = 1024;  // and pools: each may be a mapping
inline constexpr std::size_t kMaxDmabufFdsPerClient = 512;
inline constexpr std::size_t kMaxShmFilesPerPhone = 128;   // of pools; more are copied, as are
inline constexpr std::size_t kMaxShmDmabufsPerPhone = 64;  // more buffers, and
inline constexpr std::uint64_t kMaxShmDmabufBytesPerPhone = std::uint64_t{256} << 20;  // more bytes
inline constexpr std::size_t kMaxPendingConfigures = 8;  // more wait for an ack
inline constexpr std::size_t kMaxOutputBindings = 32;    // of one client
inline constexpr std::size_t kMaxActivationTokens = 64;
inline constexpr std::int32_t kMaxSurfaceSide = 65'536;  // logical, of a viewport's destination
inline constexpr std::size_t kMaxTitleBytes = 4096;
inline constexpr std::size_t kTouchSlots = 10;
inline constexpr std::size_t kMaxSeatResourcesPerClient = 64;  // of each kind: seats, pointers, …
inline constexpr std::size_t kMaxPressedKeys = 64;
inline constexpr std::int32_t kMaxCursorSide_px = 256;
inline constexpr std::size_t kMaxPendingTypingBytes = 16 * 1024;

// Clipboard, either way.
inline constexpr std::size_t kMaxClipboardBytes = 1 << 20;
inline constexpr std::size_t kMaxMimeTypes = 64;  // of one data source
inline constexpr std::size_t kMaxMimeTypeBytes = 256;
inline constexpr std::size_t kMaxOffersPerClient = 64;
inline constexpr std::size_t kMaxTransfers = 16;  // of the viewer's clipboard to clients at a time

// Wire, from a client.
inline constexpr std::size_t kMaxClientMessageBytes = kMaxClipboardBytes + 1024;
inline constexpr std::size_t kMaxTextBytes = 4096;

// Transport.
inline constexpr std::size_t kMaxUnacknowledgedFrames = 8;  // 60 frames a second at 100 ms and more

// HTTP.
inline constexpr std::size_t kMaxHttpHeaderBytes = 16 * 1024;
inline constexpr std::size_t kMaxHttpBodyBytes = 1 << 20;
inline constexpr std::size_t kMaxConnections = 4096;

}  // namespace rp::limits
