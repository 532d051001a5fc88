// Database: one SQLite file (WAL, foreign keys on, synchronous=FULL), its schema's migrations and
// cached prepared statements. Everything the controller must not forget goes through here; a full
// disk or a broken file is a clear error and never loses what was stored before. Thread rule: one
// thread (the controller's loop).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rp {

using Bytes = std::span<const std::uint8_t>;

class Database;

// A prepared statement lent by the Database; goes back, reset, when it dies. Not nested with
// itself.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Binds ?1, ?2, … in order. Text and blobs are copied.
  template <typename... Values>
  [[nodiscard]] Status bind(const Values&... values) {
    int index = 0;
    Status status;
    ((status = status ? bind_one(++index, values) : status), ...);
    return status;
  }
  // True when there is a row; false at the end.
  [[nodiscard]] Result<bool> step();
  // For statements without rows.
  [[nodiscard]] Status run();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;  // NULL is empty
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* statement) : database_(database), stmt_(statement) {}
  [[nodiscard]] Status bind_one(int index, std::int64_t value);
  [[nodiscard]] Status bind_one(int index, int value) {
    return bind_one(index, static_cast<std::int64_t>(value));
  }
  [[nodiscard]] Status bind_one(int index, bool value) {
    return bind_one(index, static_cast<std::int64_t>(value));
  }
  [[nodiscard]] Status bind_one(int index, std::string_view value);
  [[nodiscard]] Status bind_one(int index, const std::string& value) {
    return bind_one(index, std::string_view(value));
  }
  [[nodiscard]] Status bind_one(int index, const char* value) {
    return bind_one(index, std::string_view(value));
  }
  [[nodiscard]] Status bind_one(int index, Bytes value);
  [[nodiscard]] Status bind_one(int index, const std::optional<std::int64_t>& value);

  Database& database_;
  sqlite3_stmt* stmt_;
};

class Database {
 public:
  // Opens or makes the file (mode 0600) and brings its schema to the newest version. A file made by
  // a newer program is refused (kUnsupported), a damaged one too (kInvalid). ":memory:" is for
  // tests.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& path);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  // prepare, bind and run in one.
  template <typename... Values>
  [[nodiscard]] Status run(std::string_view sql, const Values&... values) {
    RP_ASSIGN(Statement statement, prepare(sql));
    RP_TRY(statement.bind(values...));
    return statement.run();
  }
  // Several statements without parameters.
  [[nodiscard]] Status execute(const char* sql);
  // All of `work` or nothing. Not nested.
  [[nodiscard]] Status transaction(const std::function<Status()>& work);

  [[nodiscard]] std::int64_t last_row_id() const;
  [[nodiscard]] std::int64_t changed_rows() const;
  // The file may grow to this many pages; what a full disk does, on demand (tests).
  [[nodiscard]] Status limit_pages(std::int64_t pages);

 private:
  friend class Statement;
  explicit Database(sqlite3* handle) : handle_(handle) {}
  [[nodiscard]] Status configure();
  [[nodiscard]] Status migrate();
  [[nodiscard]] std::unexpected<Error> failed(int code, std::string_view doing) const;

  sqlite3* handle_;
  std::map<std::string, sqlite3_stmt*, std::less<>> cache_;
};

}  // namespace rp
