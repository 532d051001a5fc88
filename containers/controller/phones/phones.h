// Phones: what people may ask of phones. Checks the request, writes down what is wanted and wakes
// the reconciler, which does the rest. Every answer is the phone as it is now. Thread rule: the
// controller's loop.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "containers/controller/refusal.h"
#include "containers/controller/store/audit_store.h"
#include "containers/controller/store/phone_store.h"
#include "engine/base/clock.h"

namespace rp {

struct PhoneWish {
  std::optional<std::string> name;
  std::optional<std::string> image;
  std::optional<std::int64_t> width_px;
  std::optional<std::int64_t> height_px;
  std::optional<std::int64_t> scale_120;
  bool start = false;
};

enum class PhoneCommand { kStart, kStop, kRestart, kFreeze, kThaw, kReset };
// Nothing for a name that is no command.
[[nodiscard]] std::optional<PhoneCommand> parse_phone_command(std::string_view name);

// Who asks; nobody signed in means root on the controller's own socket.
struct Asker {
  std::string name = "root";
  std::optional<UserId> user;
  bool owner = true;
};

class Phones {
 public:
  static constexpr std::size_t kMaxPhones = 1000;

  Phones(PhoneStore& store, AuditStore& audit, const Clock& clock, std::function<void()> changed)
      : store_(store), audit_(audit), clock_(clock), changed_(std::move(changed)) {}

  // Those the asker may see.
  [[nodiscard]] Checked<std::vector<Phone>> list(const Asker& asker);
  // A phone the asker may not see is not found.
  [[nodiscard]] Checked<Phone> get(const Asker& asker, std::string_view id);
  // The id is made of the name. `image` must be one of `images`.
  [[nodiscard]] Checked<Phone> create(const Asker& asker, const PhoneWish& wish,
                                      const std::vector<std::string>& images);
  // Name and display; a new size is taken when the phone starts next.
  [[nodiscard]] Checked<Phone> change(const Asker& asker, std::string_view id,
                                      const PhoneWish& wish);
  [[nodiscard]] Checked<Phone> command(const Asker& asker, std::string_view id,
                                       PhoneCommand command);
  [[nodiscard]] Checked<Phone> remove(const Asker& asker, std::string_view id);
  // Before a stream is opened: makes it wanted running.
  [[nodiscard]] Checked<Phone> wake(const Asker& asker, std::string_view id);

 private:
  [[nodiscard]] Checked<Phone> write(const Asker& asker, Phone phone, std::string_view action);
  [[nodiscard]] Checked<std::string> free_id(std::string_view name);

  PhoneStore& store_;
  AuditStore& audit_;
  const Clock& clock_;
  std::function<void()> changed_;
};

}  // namespace rp
