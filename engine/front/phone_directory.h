// PhoneDirectory: the phones of this engine, as the control API sees them; implemented by the
// shards. Thread rule: called from the front's loop; each answer comes later on that same loop,
// exactly once.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/capture/display.h"

namespace rp {

struct PhoneRequest {
  std::string id;    // [a-z0-9-]{1,40}, checked by the caller
  std::string name;  // for people; at most 100 bytes
  OutputMode mode;   // sides within limits.h, checked by the caller
  std::int32_t own_scale_120 =
      0;  // what the phone draws with whatever its display says; 0: it follows
};

struct PhoneInfo {
  std::string id;
  std::string name;
  std::string socket_dir;  // to bind-mount into the container; the socket in it is "wayland-0"
  std::string encoder;     // empty while nothing is encoded
  Size size;
  int clients = 0;
  int viewers = 0;
  bool has_content = false;
  std::uint64_t frames = 0;  // sent to viewers so far
};

class PhoneDirectory {
 public:
  virtual ~PhoneDirectory() = default;
  // Makes the phone's display, or leaves the one that is there as it is.
  virtual void put(PhoneRequest request, std::function<void(Result<PhoneInfo>)> answer) = 0;
  virtual void get(std::string id, std::function<void(Result<PhoneInfo>)> answer) = 0;
  virtual void list(std::function<void(std::vector<PhoneInfo>)> answer) = 0;
  // Ends the phone's viewer and apps and removes its socket. kNotFound.
  virtual void remove(std::string id, std::function<void(Status)> answer) = 0;
};

}  // namespace rp
