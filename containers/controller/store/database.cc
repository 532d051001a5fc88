#include "containers/controller/store/database.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include "containers/controller/store/schema.h"

namespace rp {

namespace {

ErrorCode code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_CONSTRAINT:
      return ErrorCode::kExists;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return ErrorCode::kExhausted;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::kUnavailable;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      return ErrorCode::kDenied;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kInvalid;
    case SQLITE_IOERR:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInternal;
  }
}

// The error with what to do about it, where there is something to do.
std::string sentence(int sqlite_code, std::string_view doing, const char* said) {
  std::string text(doing);
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
      return text + ": the disk is full; nothing stored was lost, free some space and try again";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return text + ": the database file is damaged; restore it from a backup or move it away";
    case SQLITE_BUSY:
      return text + ": the database is in use by another controller";
    default:
      return text + ": " + said;
  }
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), stmt_(std::exchange(other.stmt_, nullptr)) {}

Statement::~Statement() {
  if (stmt_ == nullptr) return;
  sqlite3_reset(stmt_);
  sqlite3_clear_bindings(stmt_);
}

Status Statement::bind_one(int index, std::int64_t value) {
  const int code = sqlite3_bind_int64(stmt_, index, value);
  if (code != SQLITE_OK) return database_.failed(code, "bind a number");
  return {};
}

Status Statement::bind_one(int index, std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  const int code =
      sqlite3_bind_text64(stmt_, index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) return database_.failed(code, "bind text");
  return {};
}

Status Statement::bind_one(int index, Bytes value) {
  const int code = sqlite3_bind_blob64(stmt_, index, value.data(), value.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) return database_.failed(code, "bind bytes");
  return {};
}

Status Statement::bind_one(int index, const std::optional<std::int64_t>& value) {
  if (value) return bind_one(index, *value);
  const int code = sqlite3_bind_null(stmt_, index);
  if (code != SQLITE_OK) return database_.failed(code, "bind null");
  return {};
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(stmt_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_.failed(code, "write to the database");
}

Status Statement::run() {
  RP_ASSIGN(const bool row, step());
  RP_CHECK(!row);
  return {};
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(stmt_, column); }

std::string Statement::text(int column) const {
  const auto* data = sqlite3_column_blob(stmt_, column);
  const int size = sqlite3_column_bytes(stmt_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(stmt_, column) == SQLITE_NULL;
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  // SQLite makes its files with the umask; hashes and sessions are for root alone.
  const mode_t old_mask = ::umask(077);
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                    SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Database> database(new Database(handle));
  Status status;
  if (code != SQLITE_OK) {
    status = database->failed(code, "open " + path);
  } else {
    status = database->configure();
    if (status) status = database->migrate();
  }
  ::umask(old_mask);
  if (!status) return forward(std::move(status).error());
  return database;
}

Database::~Database() {
  for (auto& [sql, statement] : cache_) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

Status Database::configure() {
  sqlite3_busy_timeout(handle_, 2000);
  sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, 4 << 20);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
      "PRAGMA trusted_schema=OFF; PRAGMA secure_delete=ON;");
}

Status Database::migrate() {
  std::int64_t version = 0;
  {
    RP_ASSIGN(Statement statement, prepare("PRAGMA user_version"));
    RP_ASSIGN(const bool row, statement.step());
    if (row) version = statement.integer(0);
  }
  const auto migrations = schema_migrations();
  if (version < 0 || version > static_cast<std::int64_t>(migrations.size()))
    return fail(ErrorCode::kUnsupported,
                "the database was made by a newer rackphone; install that version or newer");
  for (std::size_t next = static_cast<std::size_t>(version); next < migrations.size(); ++next) {
    RP_TRY(transaction([&]() -> Status {
      RP_TRY(execute(migrations[next]));
      return execute(("PRAGMA user_version=" + std::to_string(next + 1)).c_str());
    }));
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  if (const auto found = cache_.find(sql); found != cache_.end())
    return Statement(*this, found->second);
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return failed(code, "prepare a statement");
  cache_.emplace(std::string(sql), statement);
  return Statement(*this, statement);
}

Status Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failed(code, "use the database");
  return {};
}

Status Database::transaction(const std::function<Status()>& work) {
  RP_TRY(execute("BEGIN IMMEDIATE"));
  Status status = work();
  if (status) status = execute("COMMIT");
  // After some failures (a full disk) SQLite has rolled back by itself.
  if (!status && sqlite3_get_autocommit(handle_) == 0)
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  return status;
}

std::int64_t Database::last_row_id() const { return sqlite3_last_insert_rowid(handle_); }

std::int64_t Database::changed_rows() const { return sqlite3_changes64(handle_); }

Status Database::limit_pages(std::int64_t pages) {
  RP_ASSIGN(Statement statement, prepare("PRAGMA max_page_count=" + std::to_string(pages)));
  RP_TRY(statement.step());
  return {};
}

std::unexpected<Error> Database::failed(int code, std::string_view doing) const {
  const char* said = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  return fail(code_of(code), sentence(code, doing, said));
}

}  // namespace rp
