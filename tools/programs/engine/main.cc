// rackphone-engine: the data plane's process. Opens its sockets, gives up every right it does not
// need, then runs the front on this thread and the phones on their shards until SIGTERM or SIGINT.
#include <grp.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "drivers/composers.h"
#include "drivers/encoders.h"
#include "drivers/syncobj/device.h"
#include "engine/base/harden.h"
#include "engine/base/log.h"
#include "engine/base/socket_stream.h"
#include "engine/encode/choose.h"
#include "engine/front/certificate.h"
#include "engine/front/control_api.h"
#include "engine/front/front.h"
#include "engine/shard/shard_set.h"
#include "tools/programs/engine/shared_memory.h"
#include "tools/programs/engine/tls_records.h"

namespace rp {
namespace {

struct Options {
  std::string listen = "[::]:8443";
  std::string control_socket = "/run/rackphone/engine/control.sock";
  std::string phones_dir = "/run/rackphone/engine/phones";
  std::string api_socket = "/run/rackphone/api/api.sock";
  std::string web_root;
  std::string tls_cert;
  std::string tls_key;
  std::string certificate_dir;
  bool tls12 = false;
  std::string ktls = "auto";
  std::string encoder;
  std::string composer = "auto";
  bool test_codec = false;
  unsigned shards = 0;
  std::size_t encoder_memory_mib = 0;
  AdmissionLimits limits;
  std::string user;
  std::string log_level = "info";
  bool end_with_parent = false;
  bool no_harden = false;
};

void add_capacity_options(CLI::App& app, Options& options) {
  app.add_option("--encoder-memory-mib", options.encoder_memory_mib,
                 "Memory for video encoders; 0: a quarter of the machine's");
  app.add_option_function<unsigned>(
         "--max-encode-wait-ms",
         [&](unsigned ms) { options.limits.encode_wait = std::chrono::milliseconds(ms); },
         "No new viewer while 5 % of the pictures wait longer than this for an encoder; 150")
      ->check(CLI::Range(1U, 60'000U));
  app.add_option_function<unsigned>(
         "--max-cpu-percent", [&](unsigned percent) { options.limits.cpu_busy = percent / 100.0; },
         "… or while all cores are busier than this and phones get less than half their pictures; "
         "95")
      ->check(CLI::Range(1U, 100U));
  app.add_option_function<std::uint64_t>(
         "--min-free-mib", [&](std::uint64_t mib) { options.limits.free_bytes = mib << 20; },
         "No new viewer or phone while less memory is left; 256")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 20));
}

int parse(int argc, char** argv, Options& options) {
  CLI::App app{
      "Streams phones' screens to browsers. Started by `rackphone up` or the service manager.",
      "rackphone-engine"};
  app.set_version_flag("--version", std::string("rackphone-engine ") + RP_VERSION);
  app.add_option("--listen", options.listen,
                 "Address and port for browsers: page, API and streams over TLS")
      ->capture_default_str();
  app.add_option("--control-socket", options.control_socket, "Unix socket of the control API")
      ->capture_default_str();
  app.add_option("--phones-dir", options.phones_dir, "Directory for the phones' display sockets")
      ->capture_default_str();
  app.add_option("--api-socket", options.api_socket, "The controller's unix socket for /api")
      ->capture_default_str();
  app.add_option("--web-root", options.web_root, "Directory of the built web client");
  app.add_option("--tls-cert", options.tls_cert, "Certificate chain, PEM");
  app.add_option("--tls-key", options.tls_key, "Private key, PEM");
  app.add_option("--make-certificate", options.certificate_dir,
                 "Only make a self-signed cert.pem and key.pem in this folder, if it has none");
  app.add_flag("--tls12", options.tls12, "Accept TLS 1.2 as well as 1.3");
  app.add_option("--ktls", options.ktls,
                 "Let the kernel make streams' TLS records where it can: auto or off")
      ->check(CLI::IsMember({"auto", "off"}))
      ->capture_default_str();
  app.add_option(
      "--encoder", options.encoder,
      "Use only this encoder: x264, openh264, or model:NAME, which makes placeholders at "
      "the pace of a hardware encoder (docs/planning.md)");
  app.add_option("--composer", options.composer,
                 "What draws phones' screens: auto (a GPU by Vulkan where there is one), cpu, or "
                 "vulkan (also without a GPU, which is slower)")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "cpu", "vulkan"}));
  app.add_flag(
      "--test-codec", options.test_codec,
      "Encode FWHT for viewers that ask for it, where the kernel's test device (vicodec) is");
  app.add_option("--shards", options.shards, "Threads that carry phones; 0: one a core");
  add_capacity_options(app, options);
  app.add_option("--user", options.user, "Become this user after start-up (needs root)");
  app.add_option("--log-level", options.log_level, "debug, info, warning, error or off")
      ->capture_default_str();
  app.add_flag("--end-with-parent", options.end_with_parent,
               "End when the process that started it ends, as another --user too");
  app.add_flag("--no-harden", options.no_harden,
               "Keep all system calls, for debuggers and sanitizers");
  try {
    app.parse(argc, argv);
    for (const char* name : {"--tls-cert", "--tls-key"})
      if (options.certificate_dir.empty() && app.count(name) == 0) throw CLI::RequiredError(name);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return -1;
}

Result<UniqueFd> listen_on(const std::string& text) {
  RP_ASSIGN(const SocketAddress address, parse_socket_address(text));
  if (address.host == "::" || address.host == "0.0.0.0") return listen_everywhere(address.port);
  return listen_tcp(address);
}

// Blocked before the first thread starts, so that every thread inherits it and only the descriptor
// sees them.
Result<UniqueFd> stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno("block signals");
  ::signal(SIGPIPE, SIG_IGN);
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return fail_errno("signalfd");
  return fd;
}

std::size_t encoder_bytes(const Options& options) {
  if (options.encoder_memory_mib != 0) return options.encoder_memory_mib << 20;
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGE_SIZE);
  RP_CHECK(pages > 0 && page_bytes > 0);
  return static_cast<std::size_t>(pages) * static_cast<std::size_t>(page_bytes) / 4;
}

// What all shards share of this machine's devices; null: there is none.
struct SharedDevices {
  bool composer = false;  // each makes its own
  SyncDevice* sync = nullptr;
  MemfdDevice* memfds = nullptr;
};

Result<std::vector<std::unique_ptr<Shard>>> make_shards(const Clock& clock, Registry& registry,
                                                        const Options& options,
                                                        const SharedDevices& devices) {
  RP_ASSIGN(const ComposerChoice composer, parse_composer_choice(options.composer));
  const unsigned count =
      options.shards != 0 ? options.shards : std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::unique_ptr<Shard>> shards;
  for (unsigned i = 0; i < count; ++i) {
    ShardOptions shard;
    shard.index = static_cast<int>(i);
    shard.phones_dir = options.phones_dir;
    shard.encoders = encoder_drivers_for(options.encoder);
    shard.preferred_encoder = options.encoder;
    shard.test_codec = options.test_codec;
    shard.sync = devices.sync;
    shard.memfds = devices.memfds;
    shard.encoder_bytes = encoder_bytes(options) / count;
    if (devices.composer) {
      shard.make_composer = [&registry, composer, i](EventLoop& loop) {
        return make_device_composer(composer, loop, registry, static_cast<int>(i));
      };
    }
    RP_ASSIGN(auto made, Shard::create(clock, registry, std::move(shard)));
    shards.push_back(std::move(made));
  }
  return shards;
}

// Rows that encode FWHT, if not H.264, serve as well.
void add_test_codec(const Options& options, EncoderSettings settings,
                    std::vector<EncoderMatch>& matches) {
  settings.codec = Codec::kFwht;
  const auto others = match_encoders(encoder_drivers_for(options.encoder), settings);
  for (std::size_t i = 0; i < matches.size(); ++i) {
    if (others[i].status) matches[i].status = {};
  }
}

// A missing encoder is told at the start, not when the first viewer comes.
Result<std::vector<DriverState>> find_encoders(const Options& options) {
  EncoderSettings settings;
  settings.size = {720, 1280};
  std::vector<EncoderMatch> matches =
      match_encoders(encoder_drivers_for(options.encoder), settings);
  if (options.test_codec) add_test_codec(options, settings, matches);
  std::vector<DriverState> states;
  std::string reasons;
  bool found = false;
  for (const EncoderMatch& match : matches) {
    const bool wanted = options.encoder.empty() || options.encoder == match.name;
    const bool used = wanted && match.status && !found;
    found = found || used;
    states.push_back({std::string(match.name), match.status.has_value(), used,
                      match.status ? "" : match.status.error().message(),
                      match.status ? "" : std::string(encoder_advice(match.name))});
    if (wanted && !match.status)
      reasons += fmt::format(" {}: {}.", match.name, states.back().reason);
  }
  if (found) return states;
  if (reasons.empty()) reasons = fmt::format(" There is no encoder '{}'.", options.encoder);
  return fail(ErrorCode::kUnsupported, "no encoder can be used:" + reasons);
}

Status make_certificate(const std::string& directory) {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), HOST_NAME_MAX) != 0) return fail_errno("ask for the host's name");
  RP_ASSIGN(const CertificateFiles files,
            ensure_certificate(directory, {"localhost", name.data()}));
  fmt::print("{}: SHA-256 {}\n", files.certificate_file, files.fingerprint);
  return {};
}

bool uses(const std::vector<DriverState>& encoders, std::string_view name) {
  return std::ranges::any_of(
      encoders, [&](const DriverState& encoder) { return encoder.used && encoder.name == name; });
}

// What the encoder in use needs of the machine, and does for a GPU that composes.
struct EncoderNeeds {
  explicit EncoderNeeds(const std::vector<DriverState>& encoders)
      : video_device(uses(encoders, "v4l2")),
        gpu(uses(encoders, "vaapi") || uses(encoders, "nvenc")),
        reads_dmabufs(video_device || uses(encoders, "vaapi")) {}
  bool video_device;
  bool gpu;            // its driver is opened, and may compile
  bool reads_dmabufs;  // NVENC's library copies pictures from memory of the CPU
};

constexpr std::string_view kComposerAdvice =
    "needs a GPU with a Vulkan driver and an encoder that reads its memory; or --composer vulkan";

struct Composers {
  std::vector<DriverState> states;
  bool device = false;  // one is used, and what its driver needs stays allowed
};

// One that was asked for and is not there is told at the start, too.
Result<Composers> find_composers(const Options& options, bool device_encoder) {
  RP_ASSIGN(const ComposerChoice choice, parse_composer_choice(options.composer));
  Composers found;
  for (const ComposerMatch& match : match_composers(choice, {.device_encoder = device_encoder})) {
    if (!match.status && match.name == options.composer) return forward(match.status.error());
    found.states.push_back({std::string(match.name), match.status.has_value(), match.chosen,
                            match.status ? "" : match.status.error().message(),
                            match.status ? "" : std::string(kComposerAdvice)});
    found.device = found.device || (match.chosen && match.name != "cpu");
  }
  return found;
}

// Drivers open their devices and libraries after this; a GPU's may compile, too.
HardenOptions harden_options(const Options& options, bool gpu, bool video_device) {
  HardenOptions harden{.user = options.user, .end_with_parent = options.end_with_parent};
  harden.device_ioctls = gpu || video_device;
  harden.executable_memory = gpu;
  if (options.user.empty()) return harden;
  for (const auto& [wanted, group] : {std::pair{gpu, "render"}, std::pair{video_device, "video"}}) {
    if (wanted && ::getgrnam(group) != nullptr) harden.groups.emplace_back(group);
  }
  return harden;
}

Status run(const Options& options) {
  // Codecs and pictures come and go by megabytes: each with a mapping of its own, that goes with
  // it. Otherwise the C library learns from the first one freed to keep such blocks in its heaps.
  ::mallopt(M_MMAP_THRESHOLD, 128 << 10);
  RP_ASSIGN(const LogLevel level, parse_log_level(options.log_level));
  set_log_level(level);
  set_log_program("engine");
  RP_ASSIGN(auto encoders, find_encoders(options));
  const EncoderNeeds needs(encoders);
  RP_ASSIGN(auto composers, find_composers(options, needs.reads_dmabufs));
  RP_ASSIGN(const UniqueFd signals, stop_signals());
  const SystemClock clock;
  Registry registry;
  RP_ASSIGN(const auto loop, EventLoop::create(clock));
  TlsRecords records = find_tls_records(options.ktls != "off");
  RP_ASSIGN(auto tls, TlsContext::create_server({options.tls_cert, options.tls_key, options.tls12,
                                                 records.kernel.get()}));
  RP_ASSIGN(UniqueFd listener, listen_on(options.listen));
  if (::access(options.phones_dir.c_str(), F_OK) != 0) {
    return fail_errno("phones' directory " + options.phones_dir);
  }
  std::optional<StaticFiles> page;
  if (!options.web_root.empty()) {
    RP_ASSIGN(page, StaticFiles::open(options.web_root));
  }
  // Everything that needs rights is open now; the rest runs without.
  ::umask(0022);
  // Their nodes are opened while devices can be.
  const auto sync = DrmSyncDevice::find("/dev");
  SharedMemory memory = find_shared_memory(composers.device);
  if (!options.no_harden) {
    HardenOptions rights =
        harden_options(options, composers.device || needs.gpu, needs.video_device);
    rights.kernel_tls = records.kernel != nullptr;
    if (sync) rights.ioctls.assign(DrmSyncDevice::ioctls().begin(), DrmSyncDevice::ioctls().end());
    RP_TRY(harden(rights));
  }

  RP_ASSIGN(auto shards,
            make_shards(clock, registry, options,
                        {composers.device, sync ? sync->get() : nullptr, memory.device.get()}));
  ShardSet phones(*loop, registry, {.phones_dir = options.phones_dir, .limits = options.limits},
                  std::move(shards));
  TicketVerifier tickets(clock);
  RP_ASSIGN(const auto front,
            Front::create({*loop, std::move(tls), tickets, phones, registry, std::move(page)},
                          {.controller_socket = options.api_socket}));
  RP_TRY(front->listen(std::move(listener)));
  ControlApi control({*loop, phones, tickets, registry, phones.shard_count(), std::move(encoders),
                      std::move(composers.states), std::move(memory.table),
                      std::move(records.table)});
  ::unlink(options.control_socket.c_str());  // left by an engine that was killed
  RP_TRY(control.listen(options.control_socket));

  RP_ASSIGN(const auto watch, loop->watch(signals.get(), EPOLLIN, [&](std::uint32_t) {
    log_info("engine.stopping");
    loop->stop();
  }));
  log_info("engine.started",
           {{"version", RP_VERSION}, {"listen", options.listen}, {"shards", phones.shard_count()}});
  loop->run();
  ::unlink(options.control_socket.c_str());
  return {};
}

}  // namespace
}  // namespace rp

int main(int argc, char** argv) {
  rp::Options options;
  if (const int code = rp::parse(argc, argv, options); code >= 0) return code;
  const bool serving = options.certificate_dir.empty();
  const rp::Status status =
      serving ? rp::run(options) : rp::make_certificate(options.certificate_dir);
  if (!status) {
    fmt::print(stderr, "rackphone-engine: {}\n", status.error().message());
    return 1;
  }
  return 0;
}
