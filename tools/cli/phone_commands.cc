#include <ctime>
#include <ostream>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/http/json.h"
#include "tools/cli/commands.h"
#include "tools/cli/follow.h"
#include "tools/cli/rest_client.h"
#include "tools/cli/table.h"

namespace rp {

namespace {

using nlohmann::json;

struct PhoneOptions {
  std::string id;
  std::string name;
  std::string image = "demo";
  std::int64_t width = 0;
  std::int64_t height = 0;
  double scale = 0;
  bool start = false;
  bool no_wait = false;
  bool yes = false;
  bool follow = false;
  std::int64_t timeout_s = 60;
};

std::expected<json, CliError> ask(const CliContext& context, std::string_view method,
                                  const std::string& target, const std::string& body = {}) {
  auto text = call_controller(context, method, target, body);
  if (!text) return std::unexpected(text.error());
  auto parsed = parse_json(*text);
  if (!parsed)
    return std::unexpected(CliError{Exit::kFailed, "the controller's answer is not JSON"});
  return *std::move(parsed);
}

// Only what a phone's id is made of goes into a path.
std::expected<std::string, CliError> path_of(const std::string& id) {
  const bool good = !id.empty() && id.size() <= 40 &&
                    id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == id.npos;
  if (!good)
    return std::unexpected(CliError{
        Exit::kUsage, "PHONE must be an id of `rackphone phone list`: 1 to 40 of a-z, 0-9 and -"});
  return "/phones/" + id;
}

TableRow row_of(const json& phone) {
  const std::int64_t changed = phone.value("changed_at", std::int64_t{0});
  return {phone.value("id", ""),
          phone.value("name", ""),
          phone.value("image", ""),
          phone.value("state", ""),
          std::to_string(phone.value("viewers", 0)),
          human_age(std::time(nullptr) - changed),
          phone.value("reason", "")};
}

const TableRow kHead = {"ID", "NAME", "IMAGE", "STATE", "VIEWERS", "SINCE", "REASON"};

int show(CliContext& context, const json& phone) {
  if (context.json)
    context.out << phone.dump(2) << "\n";
  else
    print_table(context.out, context.columns, kHead, {row_of(phone)});
  return static_cast<int>(Exit::kOk);
}

int list(CliContext& context) {
  auto answer = ask(context, "GET", "/phones");
  if (!answer) return report(context, answer.error());
  const json phones = answer->value("phones", json::array());
  if (context.json) {
    context.out << phones.dump(2) << "\n";
    return static_cast<int>(Exit::kOk);
  }
  if (phones.empty()) {
    context.out << "There are no phones. Make one: rackphone phone create NAME --start\n";
    return static_cast<int>(Exit::kOk);
  }
  std::vector<TableRow> rows;
  for (const json& phone : phones) rows.push_back(row_of(phone));
  print_table(context.out, context.columns, kHead, rows);
  return static_cast<int>(Exit::kOk);
}

// Looks until the phone is in the wanted state (empty: gone), has failed, or the time is over.
int wait_for(CliContext& context, const std::string& path, const std::string& state,
             std::int64_t timeout_s) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(timeout_s);
  while (true) {
    auto phone = ask(context, "GET", path);
    if (!phone && state.empty() && phone.error().exit == Exit::kNotFound)
      return static_cast<int>(Exit::kOk);
    if (!phone) return report(context, phone.error());
    const std::string now = phone->value("state", "");
    if (!state.empty() && now == state) return show(context, *phone);
    if (!state.empty() && now == "failed")
      return report(context, {Exit::kFailed, "the phone failed: " + phone->value("reason", "")});
    if (std::chrono::steady_clock::now() >= deadline)
      return report(context,
                    {Exit::kFailed, fmt::format("after {} s the phone is still {}: {}", timeout_s,
                                                now, phone->value("reason", "no reason known"))});
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

int create(CliContext& context, const PhoneOptions& options) {
  json body{{"name", options.name}, {"image", options.image}, {"start", options.start}};
  if (options.width != 0) body["width"] = options.width;
  if (options.height != 0) body["height"] = options.height;
  if (options.scale != 0) body["scale_120"] = static_cast<std::int64_t>(options.scale * 120 + 0.5);
  auto phone = ask(context, "POST", "/phones", body.dump());
  if (!phone) return report(context, phone.error());
  if (!options.start || options.no_wait) return show(context, *phone);
  return wait_for(context, "/phones/" + phone->value("id", ""), "running", options.timeout_s);
}

int command(CliContext& context, const PhoneOptions& options, const std::string& name,
            const std::string& state) {
  auto path = path_of(options.id);
  if (!path) return report(context, path.error());
  auto phone = ask(context, "POST", *path + "/" + name);
  if (!phone) return report(context, phone.error());
  // A reset phone that was stopped stays stopped.
  const bool stays = name == "reset" && phone->value("wanted", "") != "running";
  if (options.no_wait || stays) return show(context, *phone);
  return wait_for(context, *path, state, options.timeout_s);
}

int remove(CliContext& context, const PhoneOptions& options) {
  auto path = path_of(options.id);
  if (!path) return report(context, path.error());
  if (!options.yes)
    return report(context, {Exit::kUsage, "deleting erases the phone's files; add --yes to do it"});
  auto phone = ask(context, "DELETE", *path);
  if (!phone) return report(context, phone.error());
  return options.no_wait ? show(context, *phone) : wait_for(context, *path, "", options.timeout_s);
}

int show_one(CliContext& context, const PhoneOptions& options) {
  auto path = path_of(options.id);
  if (!path) return report(context, path.error());
  auto phone = ask(context, "GET", *path);
  if (!phone) return report(context, phone.error());
  if (context.json) return show(context, *phone);
  std::vector<TableRow> rows;
  for (const auto& [name, value] : phone->items())
    rows.push_back({name, value.is_string() ? value.get<std::string>() : value.dump()});
  print_table(context.out, context.columns, {"FIELD", "VALUE"}, rows);
  return static_cast<int>(Exit::kOk);
}

int open(CliContext& context, const PhoneOptions& options) {
  auto path = path_of(options.id);
  if (!path) return report(context, path.error());
  auto phone = ask(context, "GET", *path);
  if (!phone) return report(context, phone.error());
  const std::string link = page_link(context) + "phones/" + options.id;
  if (context.json)
    context.out << json{{"link", link}}.dump() << "\n";
  else
    context.out << link << "\n";
  return static_cast<int>(Exit::kOk);
}

int logs(CliContext& context, const PhoneOptions& options) {
  auto path = path_of(options.id);
  if (!path) return report(context, path.error());
  return follow_phone_log(context, *path, options.follow);
}

void add_verbs(CLI::App& phone, CliRun& run, const std::shared_ptr<PhoneOptions>& options) {
  struct Verb {
    const char* name;
    const char* help;
    const char* state;
  };
  static constexpr Verb kVerbs[] = {
      {"start", "Start a phone and wait until it runs", "running"},
      {"stop", "End a phone's programs and wait until they are gone", "stopped"},
      {"restart", "End a phone's programs and start it again", "running"},
      {"freeze", "Hold a phone still in memory: no CPU, at once back", "frozen"},
      {"thaw", "Let a frozen phone go on", "running"},
      {"reset", "Erase a phone's files; it starts again as new", "running"}};
  for (const Verb& verb : kVerbs) {
    CLI::App* sub = phone.add_subcommand(verb.name, verb.help);
    sub->add_option("phone", options->id, "The phone's id")->required();
    sub->add_flag("--no-wait", options->no_wait, "Return at once");
    sub->add_option("--timeout", options->timeout_s, "Seconds to wait at most")
        ->check(CLI::Range(1, 3600));
    sub->callback([&run, options, verb] {
      run.exit = command(run.context, *options, verb.name, verb.state);
    });
  }
}

}  // namespace

void add_phone_commands(CLI::App& app, CliRun& run) {
  CLI::App* phone = app.add_subcommand("phone", "Phones: list, make, start, stop, delete …");
  phone->require_subcommand(1);
  phone->footer(
      "Examples:\n  rackphone phone create Demo --start\n  rackphone phone list --json\n"
      "  rackphone phone logs demo -f");
  // Shared with the callbacks, which outlive this function.
  auto options = std::make_shared<PhoneOptions>();
  phone->add_subcommand("list", "All phones")->callback([&run] { run.exit = list(run.context); });
  CLI::App* make = phone->add_subcommand("create", "Make a phone");
  make->add_option("name", options->name, "Its name, for people")->required();
  make->add_option("--image", options->image, "One of `rackphone image list`")
      ->capture_default_str();
  make->add_option("--width", options->width, "Pixels")->check(CLI::Range(64, 4096));
  make->add_option("--height", options->height, "Pixels")->check(CLI::Range(64, 4096));
  make->add_option("--scale", options->scale, "1.0 is 96 dpi")->check(CLI::Range(0.5, 4.0));
  make->add_flag("--start", options->start, "Start it and wait until it runs");
  make->add_flag("--no-wait", options->no_wait, "Return at once");
  make->callback([&run, options] { run.exit = create(run.context, *options); });
  const auto one = [&](const char* name, const char* help, auto action) {
    CLI::App* sub = phone->add_subcommand(name, help);
    sub->add_option("phone", options->id, "The phone's id")->required();
    sub->callback([&run, options, action] { run.exit = action(run.context, *options); });
    return sub;
  };
  one("show", "All about one phone", show_one);
  one("open", "Print the link that opens a phone in a browser", open);
  CLI::App* gone = one("delete", "End a phone and erase its files", remove);
  gone->add_flag("--yes", options->yes, "Yes, erase them");
  gone->add_flag("--no-wait", options->no_wait, "Return at once");
  one("logs", "What a phone's programs wrote", logs)
      ->add_flag("-f,--follow", options->follow, "Go on as they write more");
  add_verbs(*phone, run, options);
}

}  // namespace rp
