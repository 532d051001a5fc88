// status, doctor, logs, sign-in-code, version.
#include <fstream>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/http/json.h"
#include "tools/cli/commands.h"
#include "tools/cli/follow.h"
#include "tools/cli/rest_client.h"
#include "tools/cli/table.h"
#include "tools/cli/up/checks.h"

namespace rp {

namespace {

using nlohmann::json;

constexpr int kOk = static_cast<int>(Exit::kOk);

int status(CliContext& context) {
  const auto answer = call_controller(context, "GET", "/status");
  if (!answer) return report(context, answer.error());
  const auto parsed = parse_json(*answer);
  if (!parsed || !parsed->is_object())
    return report(context, {Exit::kFailed, "the controller's answer is not JSON"});
  if (context.json) {
    context.out << parsed->dump(2) << "\n";
    return kOk;
  }
  const json& state = *parsed;
  const bool up = state.value("/engine/up"_json_pointer, false);
  const std::string fault = state.value("/runtime/fault"_json_pointer, "");
  std::vector<TableRow> rows = {
      {"controller", "running", state.value("version", "")},
      {"engine", up ? "running" : "not running", state.value("/engine/version"_json_pointer, "")},
      {"runtime", fault.empty() ? "ready" : "fault",
       fault.empty() ? state.value("/runtime/name"_json_pointer, "") : fault},
      {"disk", human_bytes(state.value("/disk/free_bytes"_json_pointer, std::int64_t{0})) + " free",
       "of " + human_bytes(state.value("/disk/total_bytes"_json_pointer, std::int64_t{0}))}};
  const json counts = state.value("phones", json::object());
  for (const auto& [name, count] : counts.items())
    if (count != 0) rows.push_back({"phones", name, count.dump()});
  rows.push_back({"page", page_link(context), ""});
  print_table(context.out, context.columns, {"PART", "STATE", "DETAIL"}, rows);
  return kOk;
}

// A driver table of the engine's health: one row a driver, best first. What is behind the one in
// use is not missed.
void add_drivers(const json& health, const char* table, const std::string& kind, const char* use,
                 std::vector<Finding>& findings) {
  bool served = false;
  for (const json& driver : health.value(table, json::array())) {
    if (!driver.is_object()) continue;
    const bool there = driver.value("available", false);
    const bool missed = !there && !served;
    const bool used = driver.value("used", false);
    served = served || used;
    findings.push_back({kind + " " + driver.value("name", ""),
                        missed ? Grade::kCouldBeBetter : Grade::kGood,
                        there ? "ready" : driver.value("reason", "not there"), used ? use : "",
                        missed ? driver.value("advice", "") : ""});
  }
}

// What the running engine says of its drivers; nothing while it is down.
std::vector<Finding> engine_findings(const CliContext& context) {
  const auto answer = call_controller(context, "GET", "/status", {}, std::chrono::seconds(3));
  if (!answer)
    return {{"engine", Grade::kCouldBeBetter, "not running", "", "start it with `rackphone up`"}};
  const auto parsed = parse_json(*answer);
  if (!parsed || !parsed->is_object() || !parsed->value("/engine/up"_json_pointer, false))
    return {{"engine", Grade::kCouldBeBetter, "not running", "", "see `rackphone logs engine`"}};
  std::vector<Finding> findings = {
      {"engine", Grade::kGood, parsed->value("/engine/version"_json_pointer, ""), "streams", ""}};
  const json health = parsed->value("/engine/health"_json_pointer, json::object());
  add_drivers(health, "encoders", "encoder", "video encoding", findings);
  add_drivers(health, "composers", "composer", "drawing phones' screens", findings);
  add_drivers(health, "shared_memory", "shared memory by", "what apps draw, without a copy",
              findings);
  for (const json& records : health.value("tls_records", json::array())) {
    if (!records.is_object()) continue;
    const bool there = records.value("available", false);
    findings.push_back({"TLS by the " + records.value("name", ""),
                        there ? Grade::kGood : Grade::kCouldBeBetter, records.value("found", ""),
                        records.value("used", false) ? "streams" : "",
                        records.value("advice", "")});
  }
  return findings;
}

const char* word(Grade grade) {
  switch (grade) {
    case Grade::kGood:
      return "good";
    case Grade::kCouldBeBetter:
      return "could be better";
    case Grade::kMissing:
      return "missing";
  }
  return "";
}

int doctor(CliContext& context) {
  std::vector<Finding> findings = check_required(context.layout());
  for (auto more : {check_accelerators(), engine_findings(context)})
    findings.insert(findings.end(), more.begin(), more.end());
  bool missing = false;
  json list = json::array();
  std::vector<TableRow> rows;
  for (const Finding& finding : findings) {
    missing = missing || finding.grade == Grade::kMissing;
    list.push_back({{"what", finding.what},
                    {"grade", word(finding.grade)},
                    {"found", finding.found},
                    {"used", finding.used},
                    {"advice", finding.advice}});
    rows.push_back(
        {finding.what, word(finding.grade), finding.found, finding.used, finding.advice});
  }
  if (context.json)
    context.out << list.dump(2) << "\n";
  else
    print_table(context.out, 0, {"PART", "GRADE", "FOUND", "USED FOR", "WHAT TO DO"}, rows);
  return static_cast<int>(missing ? Exit::kFailed : Exit::kOk);
}

int sign_in_code(CliContext& context) {
  const auto answer = call_controller(context, "POST", "/sign-in-codes");
  if (!answer) return report(context, answer.error());
  const auto parsed = parse_json(*answer);
  if (!parsed || !parsed->is_object())
    return report(context, {Exit::kFailed, "the controller's answer is not JSON"});
  const std::string link = page_link(context) + "#code=" + parsed->value("code", "");
  if (context.json) {
    json body = *parsed;
    body["link"] = link;
    context.out << body.dump(2) << "\n";
  } else {
    context.out << link
                << "\nIt signs the owner in once, within 24 hours. Former codes have ended.\n";
  }
  return kOk;
}

int logs(CliContext& context, const std::string& what, bool follow) {
  const Layout layout = context.layout();
  if (what == "controller" || what == "engine")
    return follow_file(context, layout.log_file(what), follow);
  if (what.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos ||
      what.empty() || what.size() > 40)
    return report(context, {Exit::kUsage, "logs are those of controller, engine or a phone's id"});
  return follow_phone_log(context, "/phones/" + what, follow);
}

}  // namespace

std::string page_link(const CliContext& context) {
  std::string link;
  std::ifstream file(context.layout().link_file());
  std::getline(file, link);
  return link.empty() ? "https://localhost:8443/" : link;
}

void add_host_commands(CLI::App& app, CliRun& run) {
  app.add_subcommand("status", "What runs, and how well")->callback([&run] {
    run.exit = status(run.context);
  });
  app.add_subcommand("doctor", "What this machine has for phones, and what to do for more")
      ->callback([&run] { run.exit = doctor(run.context); });
  app.add_subcommand("sign-in-code", "Make a new link that signs the owner in once")
      ->callback([&run] { run.exit = sign_in_code(run.context); });
  // Shared with the callback, which outlives this function.
  auto what = std::make_shared<std::string>("controller");
  auto follow = std::make_shared<bool>(false);
  CLI::App* log = app.add_subcommand("logs", "Logs of controller, engine or a phone");
  log->add_option("what", *what, "controller, engine, or a phone's id")->capture_default_str();
  log->add_flag("-f,--follow", *follow, "Go on as more is written");
  log->callback([&run, what, follow] { run.exit = logs(run.context, *what, *follow); });
  app.add_subcommand("version", "The version of this program")->callback([&run] {
    if (run.context.json)
      run.context.out << json{{"version", RP_VERSION}}.dump() << "\n";
    else
      run.context.out << "rackphone " << RP_VERSION << "\n";
  });
}

}  // namespace rp
