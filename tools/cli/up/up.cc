#include "tools/cli/up/up.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include <fstream>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/http/json.h"
#include "engine/front/certificate.h"
#include "tools/cli/rest_client.h"
#include "tools/cli/table.h"
#include "tools/cli/up/child.h"
#include "tools/cli/up/progress.h"

namespace rp {

namespace {

constexpr Duration kReadyWithin = std::chrono::seconds(20);
constexpr Duration kLook = std::chrono::milliseconds(30);
constexpr Duration kGrace = std::chrono::seconds(5);

// Ctrl-C and its kin, from here on read from this descriptor.
Result<UniqueFd> listen_for_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  UniqueFd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return fail_errno("listen for signals");
  return signals;
}

bool is_readable(const UniqueFd& fd) {
  pollfd look = {fd.get(), POLLIN, 0};
  return ::poll(&look, 1, 0) > 0;
}

Status ensure_image(CliContext& context, const Layout& layout, const std::string& name,
                    const UniqueFd& signals) {
  RP_ASSIGN(const std::unique_ptr<ImageStore> images, context.parts.make_images(layout));
  RP_ASSIGN(const Image image, images->find(name));
  if (image.state == ImageState::kReady) return {};
  const auto built = images->ensure(name, show_progress(context), signals.get());
  end_progress(context);
  if (!built) return forward(built.error());
  context.out << fmt::format("Image {} is ready ({}).", name, human_bytes(built->size_bytes))
              << std::endl;
  return {};
}

// All that has to be there before the first process. What it has made when it fails, clean_host()
// takes away.
Status prepare(CliContext& context, const UpOptions& options, const ListenAddress& listen,
               const UnixUser& user, const UniqueFd& signals) {
  const Layout layout = context.layout();
  RP_TRY(make_directories(layout, user));
  const auto certificate =
      ensure_certificate(layout.state_dir + "/tls", {"localhost", reachable_host(listen)});
  if (!certificate) return forward(certificate.error());
  return ensure_image(context, layout, options.image, signals);
}

// One `up` a run directory. The lock lies beside it, for the directory itself goes at the end; so
// does the lock's file, by its holder.
class RunLock {
 public:
  [[nodiscard]] static Result<RunLock> take(const Layout& layout) {
    const std::string path = layout.lock_file();
    while (true) {
      UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
      if (!file) return fail_errno("open " + path);
      if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
        return fail(ErrorCode::kExists, "rackphone runs already on " + layout.run_dir +
                                            "; end it with Ctrl-C there, or choose another --run");
      // A former holder may have removed the file between the two calls: then it locks nobody out.
      struct stat held {};
      struct stat named {};
      if (::fstat(file.get(), &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
          held.st_ino == named.st_ino)
        return RunLock(std::move(file), path);
    }
  }
  RunLock(RunLock&&) = default;
  RunLock& operator=(RunLock&&) = delete;
  ~RunLock() {
    if (file_) ::unlink(path_.c_str());
  }

 private:
  RunLock(UniqueFd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  UniqueFd file_;
  std::string path_;
};

}  // namespace

// The running part: children, signals and the wait until all is ready, on one loop.
class Up {
 public:
  Up(CliContext& context, const UpOptions& options, const Layout& layout, const UpPaths& paths,
     const UnixUser& user, const UniqueFd& signals)
      : context_(context),
        options_(options),
        layout_(layout),
        gid_(user.gid),
        signals_(signals),
        loop_(*EventLoop::create(clock_)) {
    const auto say = [this](const std::string& text) { context_.err << text << std::endl; };
    controller_ = std::make_unique<Keeper>(*loop_, controller_options(paths), say);
    engine_ = std::make_unique<Keeper>(*loop_, engine_options(paths), say);
    look_ = loop_->timer([this] { look(); });
  }

  // Until it has been told to end; then everything of ours but the phones has ended.
  [[nodiscard]] Exit run() {
    if (auto ready = obey_signals(); !ready) return failed(ready.error());
    if (auto started = controller_->start(); !started) return failed(started.error());
    if (auto started = engine_->start(); !started) return failed(started.error());
    deadline_ = clock_.now() + kReadyWithin;
    look_.arm_after(kLook);
    loop_->run();
    engine_->stop(kGrace);
    controller_->stop(kGrace);
    while (engine_->running() || controller_->running()) loop_->run_once(kLook);
    return exit_;
  }

 private:
  ChildOptions controller_options(const UpPaths& paths) const {
    return {"controller",
            {paths.controller, "--state", layout_.state_dir, "--run", layout_.run_dir, "--api-gid",
             std::to_string(gid_), "--log-level", options_.log_level},
            layout_.log_file("controller"),
            layout_.pid_file("controller")};
  }
  ChildOptions engine_options(const UpPaths& paths) const {
    ChildOptions child{
        "engine",
        {paths.engine, "--listen", options_.listen, "--control-socket", layout_.engine_socket(),
         "--phones-dir", layout_.displays_dir(), "--api-socket", layout_.api_socket(), "--web-root",
         paths.web_root, "--tls-cert", layout_.tls_certificate(), "--tls-key", layout_.tls_key(),
         "--user", options_.user, "--log-level", options_.log_level},
        layout_.log_file("engine"),
        layout_.pid_file("engine")};
    // Becoming --user clears what the child was started with, so it asks again itself.
    child.argv.emplace_back("--end-with-parent");
    child.argv.insert(child.argv.end(), options_.engine_options.begin(),
                      options_.engine_options.end());
    return child;
  }

  Exit failed(const Error& error) { return static_cast<Exit>(report(context_, cli_error(error))); }

  Status obey_signals() {
    RP_ASSIGN(signal_watch_, loop_->watch(signals_.get(), EPOLLIN, [this](std::uint32_t) {
      signalfd_siginfo info{};
      while (::read(signals_.get(), &info, sizeof info) > 0) {
      }
      loop_->stop();
    }));
    return {};
  }

  // The controller answers and says that the engine does.
  bool is_ready() const {
    const auto status = call_controller(context_, "GET", "/status", {}, std::chrono::seconds(2));
    if (!status) return false;
    const auto parsed = parse_json(*status);
    return parsed && parsed->is_object() && parsed->value("/engine/up"_json_pointer, false);
  }

  void look() {
    if (is_ready()) return welcome();
    const bool late = clock_.now() >= deadline_;
    if (!late && controller_->restarts() < 3 && engine_->restarts() < 3)
      return look_.arm_after(kLook);
    for (const Keeper* keeper : {controller_.get(), engine_.get()})
      if (keeper->restarts() > 0 || late)
        report(context_,
               {Exit::kFailed,
                fmt::format("the {} did not come up; {} says why. Its last words: {}",
                            keeper->child().name(), layout_.log_file(keeper->child().name()),
                            printable(keeper->child().last_line()))});
    exit_ = Exit::kFailed;
    loop_->stop();
  }

  void welcome() {
    if (!options_.no_demo_phone) make_demo_phone();
    const auto listen = parse_listen(options_.listen);
    std::string link = "https://" + options_.public_name;
    if (options_.public_name.empty()) link = "https://" + reachable_host(*listen);
    link += fmt::format(":{}/", listen->port);
    std::ofstream(layout_.link_file()) << link << "\n";
    context_.out << "Rackphone is running. Open:\n\n  " << link << code() << "\n\n"
                 << "Ctrl-C ends everything." << std::endl;
  }

  // "#code=…" until an owner has set a password.
  std::string code() const {
    const auto session = call_controller(context_, "GET", "/session");
    if (!session) return "";
    const auto state = parse_json(*session);
    if (!state || !state->value("first_sign_in", false)) return "";
    const auto made = call_controller(context_, "POST", "/sign-in-codes");
    if (!made) return "";
    const auto parsed = parse_json(*made);
    return parsed ? "#code=" + parsed->value("code", "") : "";
  }

  void make_demo_phone() const {
    const auto answer = call_controller(context_, "GET", "/phones");
    const auto phones = answer ? parse_json(*answer) : nlohmann::json();
    if (!phones || !phones->is_object() || !phones->value("phones", nlohmann::json()).empty())
      return;
    const nlohmann::json wish{{"name", "Demo"}, {"image", options_.image}, {"start", true}};
    if (auto made = call_controller(context_, "POST", "/phones", wish.dump()); !made)
      report(context_,
             {Exit::kFailed, "the demo phone could not be made: " + made.error().message});
  }

  CliContext& context_;
  const UpOptions& options_;
  const Layout& layout_;
  unsigned gid_;  // the engine's group
  const UniqueFd& signals_;
  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Keeper> controller_;
  std::unique_ptr<Keeper> engine_;
  EventLoop::Timer look_;
  EventLoop::Watch signal_watch_;
  TimePoint deadline_;
  Exit exit_ = Exit::kOk;
};

int run_up(CliContext& context, const UpOptions& options) {
  const Layout layout = context.layout();
  const auto listen = parse_listen(options.listen);
  if (!listen) return report(context, {Exit::kUsage, listen.error().message()});
  for (const Finding& finding : check_required(layout))
    if (finding.grade == Grade::kMissing)
      return report(context,
                    {finding.what == "root" ? Exit::kDenied : Exit::kFailed, finding.advice});
  const auto paths = find_paths(options);
  if (!paths) return report(context, paths.error());
  const auto lock = RunLock::take(layout);
  if (!lock) return report(context, {Exit::kFailed, lock.error().message()});
  end_strays(layout);
  if (const Status free = check_no_service(layout); !free)
    return report(context, {Exit::kFailed, free.error().message()});
  if (const Finding port = check_port(*listen); port.grade == Grade::kMissing)
    return report(context, {Exit::kFailed, port.advice});
  const auto user = ensure_user(options.user);
  if (!user) return report(context, cli_error(user.error()));
  const auto signals = listen_for_signals();
  if (!signals) return report(context, cli_error(signals.error()));
  int exit = 0;
  if (auto prepared = prepare(context, options, *listen, *user, *signals); prepared) {
    Up up(context, options, layout, *paths, *user, *signals);
    exit = static_cast<int>(up.run());
  } else if (!is_readable(*signals)) {  // otherwise someone wished for this end
    exit = report(context, cli_error(prepared.error()));
  }
  if (auto cleaned = clean_host(context); !cleaned)
    return report(context, {Exit::kFailed, cleaned.error().message() + "; try `rackphone down`"});
  if (exit == 0) context.out << "Everything has ended." << std::endl;
  return exit;
}

int run_down(CliContext& context) {
  const Layout layout = context.layout();
  if (const Finding root = check_root(); root.grade == Grade::kMissing)
    return report(context, {Exit::kDenied, root.advice});
  const auto lock = RunLock::take(layout);
  if (!lock) return report(context, {Exit::kFailed, lock.error().message()});
  end_strays(layout);
  if (const Status free = check_no_service(layout); !free)
    return report(context, {Exit::kFailed, free.error().message()});
  if (auto cleaned = clean_host(context); !cleaned)
    return report(context, cli_error(cleaned.error()));
  context.out << "Nothing of rackphone runs on " << layout.run_dir << "." << std::endl;
  return static_cast<int>(Exit::kOk);
}

}  // namespace rp
