// Goal: what the store has acknowledged it keeps, and what is wrong with the file is said in a
// sentence. Method: a real SQLite file in a temporary folder: round trips, constraints, a full
// "disk" (a page limit makes SQLite answer SQLITE_FULL), a damaged file, a file of a newer version.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "containers/controller/store/audit_store.h"
#include "containers/controller/store/phone_store.h"

namespace rp {
namespace {

struct StoreTest : testing::Test {
  std::string folder = testing::TempDir() + "rp_store_" + std::to_string(::getpid());
  std::string path = folder + "/rackphone.db";
  void SetUp() override {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::unique_ptr<Database> open() {
    auto database = Database::open(path);
    EXPECT_TRUE(database) << database.error().message();
    return *std::move(database);
  }
};

Phone sample(const std::string& id) {
  Phone phone;
  phone.id = id;
  phone.name = "Phone " + id;
  phone.image = "tiny";
  phone.created_at = phone.changed_at = 1'700'000'000;
  return phone;
}

TEST_F(StoreTest, KeepsPhonesOverARestart) {
  Phone phone = sample("a");
  phone.wanted = Wanted::kFrozen;
  phone.state = Life::kFailed;
  phone.reason = "it's \"broken\"; DROP TABLE phones";
  phone.restart_wanted = phone.reset_wanted = true;
  phone.attempts = 3;
  {
    auto database = open();
    ASSERT_TRUE(PhoneStore(*database).add(phone));
  }
  auto database = open();
  PhoneStore phones(*database);
  EXPECT_EQ(**phones.get("a"), phone);
  EXPECT_EQ(phones.add(phone).error().code, ErrorCode::kExists);
  EXPECT_FALSE(phones.get("b")->has_value());
  ASSERT_TRUE(phones.remove("a"));
  EXPECT_EQ(phones.update(phone).error().code, ErrorCode::kNotFound);
}

TEST_F(StoreTest, TheFileIsForItsOwnerAlone) {
  auto database = open();
  for (const char* suffix : {"", "-wal"}) {
    struct stat file {};
    ASSERT_EQ(::stat((path + suffix).c_str(), &file), 0) << suffix;
    EXPECT_EQ(file.st_mode & 0777, 0600u) << suffix;
  }
}

TEST_F(StoreTest, UserNamesDifferByMoreThanCase) {
  auto database = open();
  PeopleStore people(*database);
  const User ada{{}, "Ada", "", true, 1};
  const auto id = people.add_user(ada);
  ASSERT_TRUE(id);
  EXPECT_EQ(people.add_user({{}, "ADA", "", false, 1}).error().code, ErrorCode::kExists);
  EXPECT_EQ((*people.user_named("ada"))->id, *id);
  EXPECT_EQ((*people.first_owner())->name, "Ada");
}

TEST_F(StoreTest, SessionsGoWithTheirUserAndOldestFirst) {
  auto database = open();
  PeopleStore people(*database);
  const UserId id = *people.add_user({{}, "ada", "", true, 1});
  for (std::uint8_t n = 1; n <= 5; ++n)
    ASSERT_TRUE(people.add_session({{n}, id, false, n, n, "::1"}, 3));
  EXPECT_FALSE(people.session({1})->has_value());
  EXPECT_FALSE(people.session({2})->has_value());
  EXPECT_TRUE(people.session({5})->has_value());
  ASSERT_TRUE(database->run("DELETE FROM users"));
  EXPECT_FALSE(people.session({5})->has_value());
}

TEST_F(StoreTest, ACodeWorksOnceAndInTime) {
  auto database = open();
  PeopleStore people(*database);
  ASSERT_TRUE(people.set_code({1}, 100));
  ASSERT_TRUE(people.set_code({2}, 100));
  EXPECT_FALSE(*people.take_code({1}, 50));
  EXPECT_FALSE(*people.take_code({2}, 100));
  EXPECT_TRUE(*people.take_code({2}, 99));
  EXPECT_FALSE(*people.take_code({2}, 99));
}

TEST_F(StoreTest, AFullDiskLosesNothing) {
  auto database = open();
  PhoneStore phones(*database);
  ASSERT_TRUE(phones.add(sample("kept")));
  ASSERT_TRUE(database->limit_pages(1));  // SQLite raises this to the size it has
  Status status;
  int added = 0;
  for (; status && added < 1000; ++added) {
    Phone phone = sample("p" + std::to_string(added));
    phone.reason = std::string(4096, 'x');
    status = phones.add(phone);
  }
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kExhausted);
  EXPECT_NE(status.error().message().find("disk is full"), std::string::npos);
  EXPECT_EQ(phones.all()->size(), static_cast<std::size_t>(added));  // "kept" and all but the last
  ASSERT_TRUE(database->limit_pages(1 << 20));
  EXPECT_TRUE(phones.add(sample("after")));
}

TEST_F(StoreTest, ATransactionIsAllOrNothing) {
  auto database = open();
  PhoneStore phones(*database);
  const Status status = database->transaction([&]() -> Status {
    RP_TRY(phones.add(sample("a")));
    return phones.add(sample("a"));
  });
  EXPECT_FALSE(status);
  EXPECT_TRUE(phones.all()->empty());
  EXPECT_TRUE(phones.add(sample("a")));
}

TEST_F(StoreTest, RefusesADamagedFileAndANewerOne) {
  std::ofstream(path) << std::string(4096, 'z');
  auto damaged = Database::open(path);
  ASSERT_FALSE(damaged);
  EXPECT_NE(damaged.error().message().find("damaged"), std::string::npos);
  std::filesystem::remove(path);
  ASSERT_TRUE(open()->execute("PRAGMA user_version=999"));
  auto newer = Database::open(path);
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::kUnsupported);
}

TEST_F(StoreTest, SaysWhenTheFolderIsMissing) {
  auto missing = Database::open(folder + "/no/such/file.db");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("no/such/file.db"), std::string::npos);
}

TEST_F(StoreTest, AuditIsNewestFirst) {
  auto database = open();
  AuditStore audit(*database);
  for (int n = 0; n < 3; ++n)
    ASSERT_TRUE(audit.add({n, "ada", "phone.start", "a", std::to_string(n)}));
  const auto newest = audit.newest(2);
  ASSERT_EQ(newest->size(), 2u);
  EXPECT_EQ((*newest)[0].detail, "2");
}

}  // namespace
}  // namespace rp
