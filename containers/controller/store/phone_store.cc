#include "containers/controller/store/phone_store.h"

#include <array>

namespace rp {

namespace {

constexpr std::array<std::string_view, 4> kWantedNames = {"running", "frozen", "stopped",
                                                          "deleted"};
constexpr std::array<std::string_view, 6> kLifeNames = {"created", "starting", "running",
                                                        "frozen",  "stopped",  "failed"};

// The schema's CHECKs admit nothing else; a name that is unknown all the same reads as `fallback`.
template <typename Enum, std::size_t N>
Enum parse(const std::array<std::string_view, N>& names, std::string_view text, Enum fallback) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  return fallback;
}

constexpr const char* kSelect =
    "SELECT id,name,image,owner_id,width,height,scale_120,wanted,restart_wanted,reset_wanted,state,"
    "reason,attempts,created_at,changed_at FROM phones ";

Phone read(const Statement& row) {
  Phone phone;
  phone.id = row.text(0);
  phone.name = row.text(1);
  phone.image = row.text(2);
  if (!row.is_null(3)) phone.owner = UserId{row.integer(3)};
  phone.width_px = static_cast<std::int32_t>(row.integer(4));
  phone.height_px = static_cast<std::int32_t>(row.integer(5));
  phone.scale_120 = static_cast<std::int32_t>(row.integer(6));
  phone.wanted = parse(kWantedNames, row.text(7), Wanted::kStopped);
  phone.restart_wanted = row.integer(8) != 0;
  phone.reset_wanted = row.integer(9) != 0;
  phone.state = parse(kLifeNames, row.text(10), Life::kCreated);
  phone.reason = row.text(11);
  phone.attempts = row.integer(12);
  phone.created_at = row.integer(13);
  phone.changed_at = row.integer(14);
  return phone;
}

std::optional<std::int64_t> owner_of(const Phone& phone) {
  if (!phone.owner) return std::nullopt;
  return phone.owner->value;
}

}  // namespace

std::string_view to_string(Wanted wanted) {
  return kWantedNames.at(static_cast<std::size_t>(wanted));
}

std::string_view to_string(Life life) { return kLifeNames.at(static_cast<std::size_t>(life)); }

Status PhoneStore::add(const Phone& phone) {
  return database_.run(
      "INSERT INTO phones(id,name,image,owner_id,width,height,scale_120,wanted,restart_wanted,"
      "reset_wanted,state,reason,attempts,created_at,changed_at)"
      " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
      phone.id, phone.name, phone.image, owner_of(phone), phone.width_px, phone.height_px,
      phone.scale_120, to_string(phone.wanted), phone.restart_wanted, phone.reset_wanted,
      to_string(phone.state), phone.reason, phone.attempts, phone.created_at, phone.changed_at);
}

Result<std::optional<Phone>> PhoneStore::get(std::string_view id) {
  RP_ASSIGN(Statement statement, database_.prepare(std::string(kSelect) + "WHERE id=?1"));
  RP_TRY(statement.bind(id));
  RP_ASSIGN(const bool row, statement.step());
  if (!row) return std::nullopt;
  return read(statement);
}

Result<std::vector<Phone>> PhoneStore::all() {
  RP_ASSIGN(Statement statement, database_.prepare(std::string(kSelect) + "ORDER BY name,id"));
  std::vector<Phone> phones;
  while (true) {
    RP_ASSIGN(const bool row, statement.step());
    if (!row) return phones;
    phones.push_back(read(statement));
  }
}

Status PhoneStore::update(const Phone& phone) {
  RP_TRY(database_.run(
      "UPDATE phones SET name=?2,image=?3,owner_id=?4,width=?5,height=?6,scale_120=?7,wanted=?8,"
      "restart_wanted=?9,reset_wanted=?10,state=?11,reason=?12,attempts=?13,changed_at=?14"
      " WHERE id=?1",
      phone.id, phone.name, phone.image, owner_of(phone), phone.width_px, phone.height_px,
      phone.scale_120, to_string(phone.wanted), phone.restart_wanted, phone.reset_wanted,
      to_string(phone.state), phone.reason, phone.attempts, phone.changed_at));
  if (database_.changed_rows() != 1) return fail(ErrorCode::kNotFound, "no phone " + phone.id);
  return {};
}

Status PhoneStore::remove(std::string_view id) {
  return database_.run("DELETE FROM phones WHERE id=?1", id);
}

}  // namespace rp
