// PhoneStore: rows of phones: what people want of each (`wanted`, `restart_wanted`, `reset_wanted`)
// and what the reconciler found last (`state`, `reason`). The wants are the truth a restarted
// controller goes on from. Thread rule: the database's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "containers/controller/store/people_store.h"

namespace rp {

enum class Wanted { kRunning, kFrozen, kStopped, kDeleted };
enum class Life { kCreated, kStarting, kRunning, kFrozen, kStopped, kFailed };

// "running", "frozen", "stopped", "deleted".
[[nodiscard]] std::string_view to_string(Wanted wanted);
// "created", "starting", "running", "frozen", "stopped", "failed".
[[nodiscard]] std::string_view to_string(Life life);

struct Phone {
  std::string id;  // 1–40 of [a-z0-9-]
  std::string name;
  std::string image;
  std::optional<UserId> owner;
  std::int32_t width_px = 720;
  std::int32_t height_px = 1280;
  std::int32_t scale_120 = 240;
  Wanted wanted = Wanted::kStopped;
  bool restart_wanted = false;
  bool reset_wanted = false;
  Life state = Life::kCreated;
  std::string reason;
  std::int64_t attempts = 0;  // starts that failed in a row
  std::int64_t created_at = 0;
  std::int64_t changed_at = 0;

  friend bool operator==(const Phone&, const Phone&) = default;
};

class PhoneStore {
 public:
  explicit PhoneStore(Database& database) : database_(database) {}

  // kExists when the id is taken.
  [[nodiscard]] Status add(const Phone& phone);
  [[nodiscard]] Result<std::optional<Phone>> get(std::string_view id);
  // By name, then id.
  [[nodiscard]] Result<std::vector<Phone>> all();
  // Writes every column but id and created_at. kNotFound when the row is gone.
  [[nodiscard]] Status update(const Phone& phone);
  [[nodiscard]] Status remove(std::string_view id);

 private:
  Database& database_;
};

}  // namespace rp
