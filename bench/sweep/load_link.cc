// rp_load_link: the links of `rackphone bench --network` for other programs: makes the viewers'
// network namespace, says in one line of JSON what to use, and takes it away again when its
// standard input closes. What a killed one left, `rackphone bench --clean` clears.
//   {"made_by":"emulator","namespace":"rpb123","engine":"198.18.0.1"}
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "bench/capacity/host/bench_folder.h"
#include "bench/capacity/host/load_network.h"

namespace rp {
namespace {

Status run(const std::string& conditions, int viewers, std::uint64_t seed) {
  RP_ASSIGN(const NetworkCondition condition, parse_network(conditions));
  RP_ASSIGN(const auto folder, BenchFolder::create());
  RP_TRY(folder->note_namespace(LoadNetwork::namespace_name()));
  RP_ASSIGN(const auto network,
            LoadNetwork::create({.network = condition, .viewers = viewers, .seed = seed}));
  fmt::print("{{\"made_by\":\"{}\",\"namespace\":\"{}\",\"engine\":\"{}\"}}\n", network->made_by(),
             LoadNetwork::namespace_name(), LoadNetwork::engine_address());
  std::fflush(stdout);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) continue;
  return {};
}

}  // namespace
}  // namespace rp

int main(int argc, char** argv) {
  // Whoever started it closes its input; a Ctrl-C in the terminal is for them.
  std::signal(SIGINT, SIG_IGN);
  std::string conditions;
  int viewers = 1;
  std::uint64_t seed = 1;
  CLI::App app{"Links with rate, delay and loss between an engine and its viewers", "rp_load_link"};
  app.add_option("--network", conditions, "rate=2mbit,delay=20ms,loss=1%")->required();
  app.add_option("--viewers", viewers)->check(CLI::Range(1, 10'000));
  app.add_option("--seed", seed);
  CLI11_PARSE(app, argc, argv);
  if (const rp::Status status = rp::run(conditions, viewers, seed); !status) {
    fmt::print(stderr, "rp_load_link: {}\n", status.error().message());
    return 1;
  }
  return 0;
}
