#include "containers/controller/phones/phones.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/limits.h"
#include "engine/base/log.h"

namespace rp {

namespace {

constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaxIdBytes = 40;
constexpr std::int64_t kMinScale_120 = 60;
constexpr std::int64_t kMaxScale_120 = 480;

constexpr std::array<std::string_view, 6> kCommandNames = {"start",  "stop", "restart",
                                                           "freeze", "thaw", "reset"};

Checked<void> apply_name(Phone& phone, const std::string& name) {
  const bool control = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (name.empty() || name.size() > kMaxNameBytes || control || name.front() == ' ')
    return refuse(
        ErrorCode::kInvalid, "name",
        fmt::format("name must be 1 to {} bytes without control characters", kMaxNameBytes));
  phone.name = name;
  return {};
}

Checked<void> apply_number(std::int32_t& target, const std::optional<std::int64_t>& value,
                           const char* field, std::int64_t min, std::int64_t max) {
  if (!value) return {};
  if (*value < min || *value > max)
    return refuse(ErrorCode::kInvalid, field, fmt::format("{} must be {} to {}", field, min, max));
  target = static_cast<std::int32_t>(*value);
  return {};
}

Checked<void> apply_display(Phone& phone, const PhoneWish& wish) {
  const std::int64_t min = limits::kMinOutputSide_px;
  const std::int64_t max = limits::kMaxOutputSide_px;
  if (auto good = apply_number(phone.width_px, wish.width_px, "width", min, max); !good)
    return good;
  if (auto good = apply_number(phone.height_px, wish.height_px, "height", min, max); !good)
    return good;
  return apply_number(phone.scale_120, wish.scale_120, "scale_120", kMinScale_120, kMaxScale_120);
}

// Letters and digits of the name in lower case, everything else one hyphen.
std::string slug(std::string_view name) {
  std::string id;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool good = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (good)
      id += upper ? static_cast<char>(c - 'A' + 'a') : c;
    else if (!id.empty() && id.back() != '-')
      id += '-';
  }
  id = id.substr(0, kMaxIdBytes - 5);  // room for "-1000"
  while (!id.empty() && id.back() == '-') id.pop_back();
  return id.empty() ? "phone" : id;
}

bool may_use(const Asker& asker, const Phone& phone) {
  return asker.owner || (asker.user && phone.owner == asker.user);
}

// A fresh start: failures of the past do not count against it.
void want_running(Phone& phone) {
  phone.wanted = Wanted::kRunning;
  if (phone.state == Life::kRunning) return;
  if (phone.state == Life::kFailed) phone.attempts = 0;
  if (phone.state != Life::kFrozen) {
    phone.state = Life::kStarting;
    phone.reason.clear();
  }
}

Checked<void> apply_command(Phone& phone, PhoneCommand command) {
  const bool living = phone.wanted == Wanted::kRunning || phone.wanted == Wanted::kFrozen;
  switch (command) {
    case PhoneCommand::kStart:
      want_running(phone);
      return {};
    case PhoneCommand::kStop:
      phone.wanted = Wanted::kStopped;
      return {};
    case PhoneCommand::kRestart:
      want_running(phone);
      phone.state = Life::kStarting;
      phone.restart_wanted = true;
      phone.attempts = 0;
      return {};
    case PhoneCommand::kFreeze:
      if (phone.wanted == Wanted::kFrozen) return {};
      if (phone.state != Life::kRunning || !living)
        return refuse(ErrorCode::kExists, "", "only a running phone can be frozen");
      phone.wanted = Wanted::kFrozen;
      return {};
    case PhoneCommand::kThaw:
      if (phone.wanted == Wanted::kRunning) return {};
      if (phone.wanted != Wanted::kFrozen)
        return refuse(ErrorCode::kExists, "", "only a frozen phone can be thawed");
      want_running(phone);
      return {};
    case PhoneCommand::kReset:
      phone.reset_wanted = true;
      phone.attempts = 0;
      if (living) phone.state = Life::kStarting;
      return {};
  }
  return {};
}

}  // namespace

std::optional<PhoneCommand> parse_phone_command(std::string_view name) {
  const auto* found = std::find(kCommandNames.begin(), kCommandNames.end(), name);
  if (found == kCommandNames.end()) return std::nullopt;
  return static_cast<PhoneCommand>(found - kCommandNames.begin());
}

Checked<std::vector<Phone>> Phones::list(const Asker& asker) {
  auto phones = store_.all();
  if (!phones) return refuse(phones.error());
  std::erase_if(*phones, [&](const Phone& phone) { return !may_use(asker, phone); });
  return *std::move(phones);
}

Checked<Phone> Phones::get(const Asker& asker, std::string_view id) {
  auto phone = store_.get(id);
  if (!phone) return refuse(phone.error());
  if (!*phone || !may_use(asker, **phone))
    return refuse(ErrorCode::kNotFound, "id",
                  fmt::format("there is no phone {}", id.substr(0, 64)));
  return **std::move(phone);
}

Checked<std::string> Phones::free_id(std::string_view name) {
  const std::string base = slug(name);
  for (std::size_t n = 1; n <= kMaxPhones; ++n) {
    const std::string id = n == 1 ? base : fmt::format("{}-{}", base, n);
    auto taken = store_.get(id);
    if (!taken) return refuse(taken.error());
    if (!*taken) return id;
  }
  return refuse(ErrorCode::kExhausted, "name", "too many phones have this name");
}

Checked<Phone> Phones::create(const Asker& asker, const PhoneWish& wish,
                              const std::vector<std::string>& images) {
  Phone phone;
  if (!wish.name) return refuse(ErrorCode::kInvalid, "name", "name is missing");
  if (auto good = apply_name(phone, *wish.name); !good) return std::unexpected(good.error());
  if (auto good = apply_display(phone, wish); !good) return std::unexpected(good.error());
  phone.image = wish.image.value_or("demo");
  if (std::find(images.begin(), images.end(), phone.image) == images.end())
    return refuse(ErrorCode::kInvalid, "image",
                  fmt::format("there is no image {}; there are: {}", phone.image.substr(0, 64),
                              fmt::join(images, ", ")));
  auto all = store_.all();
  if (!all) return refuse(all.error());
  if (all->size() >= kMaxPhones)
    return refuse(ErrorCode::kExhausted, "",
                  fmt::format("there are {} phones already; delete one first", kMaxPhones));
  auto id = free_id(phone.name);
  if (!id) return std::unexpected(id.error());
  phone.id = *id;
  phone.owner = asker.user;
  phone.created_at = phone.changed_at = clock_.unix_seconds();
  if (wish.start) want_running(phone);
  if (auto added = store_.add(phone); !added) return refuse(added.error());
  const AuditEntry entry{phone.created_at, asker.name, "phone.create", phone.id, phone.image};
  if (auto noted = audit_.add(entry); !noted)
    log_limited(LogLevel::kError, "audit.write_failed", {{"error", noted.error()}});
  log_info("phone.created", {{"phone", phone.id}, {"image", phone.image}, {"by", asker.name}});
  changed_();
  return phone;
}

Checked<Phone> Phones::change(const Asker& asker, std::string_view id, const PhoneWish& wish) {
  auto phone = get(asker, id);
  if (!phone) return phone;
  if (wish.name)
    if (auto good = apply_name(*phone, *wish.name); !good) return std::unexpected(good.error());
  if (auto good = apply_display(*phone, wish); !good) return std::unexpected(good.error());
  return write(asker, *std::move(phone), "change");
}

Checked<Phone> Phones::command(const Asker& asker, std::string_view id, PhoneCommand command) {
  auto phone = get(asker, id);
  if (!phone) return phone;
  if (phone->wanted == Wanted::kDeleted)
    return refuse(ErrorCode::kExists, "", "the phone is being deleted");
  if (auto good = apply_command(*phone, command); !good) return std::unexpected(good.error());
  return write(asker, *std::move(phone), kCommandNames.at(static_cast<std::size_t>(command)));
}

Checked<Phone> Phones::remove(const Asker& asker, std::string_view id) {
  auto phone = get(asker, id);
  if (!phone) return phone;
  phone->wanted = Wanted::kDeleted;
  return write(asker, *std::move(phone), "delete");
}

Checked<Phone> Phones::wake(const Asker& asker, std::string_view id) {
  auto phone = get(asker, id);
  if (!phone) return phone;
  if (phone->wanted == Wanted::kRunning && phone->state != Life::kFailed) return phone;
  return command(asker, id, PhoneCommand::kStart);
}

Checked<Phone> Phones::write(const Asker& asker, Phone phone, std::string_view action) {
  phone.changed_at = clock_.unix_seconds();
  if (auto written = store_.update(phone); !written) return refuse(written.error());
  const AuditEntry entry{phone.changed_at, asker.name, fmt::format("phone.{}", action), phone.id,
                         ""};
  if (auto added = audit_.add(entry); !added)
    log_limited(LogLevel::kError, "audit.write_failed", {{"error", added.error()}});
  log_info("phone.asked", {{"phone", phone.id}, {"action", action}, {"by", asker.name}});
  changed_();
  return phone;
}

}  // namespace rp
