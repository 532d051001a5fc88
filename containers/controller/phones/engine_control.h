// EngineControl: what the controller asks of an engine (docs/architecture.md, "Control API of the
// engine"). Every answer comes on a later turn of the loop. An engine that does not answer is
// kUnavailable. Thread rule: the controller's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "containers/controller/store/phone_store.h"
#include "engine/base/result.h"

namespace rp {

struct EnginePhone {
  std::string id;
  std::string socket_dir;  // bind-mounted into the phone
  std::int64_t clients = 0;
  std::int64_t viewers = 0;
  bool has_content = false;
};

class EngineControl {
 public:
  using Listed = std::function<void(Result<std::vector<EnginePhone>>)>;
  using Done = std::function<void(Status)>;

  virtual ~EngineControl() = default;
  virtual void list(Listed done) = 0;
  // Makes the phone's display, or leaves it as it is. `own_scale_120`: as the image has it.
  virtual void put(const Phone& phone, std::int32_t own_scale_120, Done done) = 0;
  // Nothing when there is none.
  virtual void remove(const std::string& id, Done done) = 0;
};

}  // namespace rp
