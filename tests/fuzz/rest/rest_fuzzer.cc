// Goal: no body, target or header from a browser can crash the REST interface or break the store.
// Method: each input is one request (first line METHOD TARGET, the rest its body) given straight to
// the root door's handler over an in-memory store; afterwards every phone must still be readable
// and valid.
#include <cstdint>
#include <cstdlib>

#include "containers/controller/rest/api.h"
#include "containers/runtime/fake/fake_runtime.h"
#include "engine/base/log.h"
#include "tests/unit/containers/controller/fakes.h"

namespace rp {
namespace {

struct World {
  World() { set_log_level(LogLevel::kOff); }

  TestLoop time;
  InlineExecutor workers{*time.loop};
  FakeRuntime runtime;
  FakeImages images;
  FakeEngine engine{*time.loop};
  std::unique_ptr<Database> database = *Database::open(":memory:");
  PeopleStore people{*database};
  PhoneStore rows{*database};
  AuditStore audit{*database};
  Registry registry;
  CountingRandom random;
  TicketKey key = *TicketKey::generate();
  SignIn sign_in{people,
                 audit,
                 workers,
                 random,
                 time.clock,
                 registry,
                 {.cost = {.passes = 1, .memory_kib = 64, .lanes = 1}}};
  Reconciler reconciler{{*time.loop, workers, runtime, images, engine, rows, registry},
                        {.phones_dir = "/nonexistent/rackphone-fuzz"}};
  Phones phones{rows, audit, time.clock, [] {}};
  RestApi api{{*time.loop, workers, phones, people, sign_in, reconciler, runtime, images, registry,
               "/", key, random, [] { return EngineFacts{}; }}};
};

void ask(World& world, std::string_view input) {
  const std::string_view line = input.substr(0, input.find('\n'));
  HttpRequest request;
  request.method = line.substr(0, line.find(' '));
  request.target =
      line.size() > request.method.size() ? line.substr(request.method.size() + 1) : "/";
  if (line.size() < input.size()) request.body = input.substr(line.size() + 1);
  request.headers = {{"Content-Type", "application/json"}};
  if (!split_target(request)) return;
  int answers = 0;
  world.api.handler(Door::kRoot)(request, HttpResponder([&](const HttpResponse&) { ++answers; }));
  for (int turn = 0; turn < 5; ++turn) world.time.loop->run_once(Duration(0));
  if (answers != 1) std::abort();
  const auto all = world.rows.all();
  if (!all) std::abort();
  for (const Phone& phone : *all)
    if (phone.width_px < 64 || phone.width_px > 4096 || phone.name.empty() || phone.id.size() > 40)
      std::abort();
}

}  // namespace
}  // namespace rp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rp::World world;
  // Requests of one input meet the same store: they are separated by a zero byte.
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (int n = 0; n < 8 && !rest.empty(); ++n) {
    const std::size_t end = rest.find('\0');
    rp::ask(world, rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return 0;
}
