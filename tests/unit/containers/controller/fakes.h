// What the controller's tests put in the place of the world: an engine and an image store in
// memory, an executor without threads, randomness that repeats, and a loop whose time the test
// moves.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>

#include "containers/controller/executor.h"
#include "containers/controller/phones/engine_control.h"
#include "containers/images/image_store.h"
#include "engine/base/event_loop.h"
#include "engine/base/random.h"

namespace rp {

// Runs work at once, in submit(); its end comes by the loop, as the real one's does.
class InlineExecutor final : public Executor {
 public:
  explicit InlineExecutor(EventLoop& loop) : loop_(loop) {}
  [[nodiscard]] bool submit(std::function<void()> work, std::function<void()> done) override {
    if (full) return false;
    work();
    loop_.post(std::move(done));
    return true;
  }
  bool full = false;

 private:
  EventLoop& loop_;
};

class FakeEngine final : public EngineControl {
 public:
  explicit FakeEngine(EventLoop& loop) : loop_(loop) {}

  void list(Listed done) override {
    Result<std::vector<EnginePhone>> answer = std::vector<EnginePhone>();
    if (!up) answer = fail(ErrorCode::kUnavailable, "the engine is not running");
    if (up)
      for (const std::string& id : displays)
        answer->push_back({id, "/run/phones/" + id, 1, 0, true});
    loop_.post([done, answer] { done(answer); });
  }
  void put(const Phone& phone, std::int32_t /*own_scale_120*/, Done done) override {
    if (up) displays.insert(phone.id);
    answer(std::move(done));
  }
  void remove(const std::string& id, Done done) override {
    if (up) displays.erase(id);
    answer(std::move(done));
  }
  // kill -9: displays go with the process.
  void crash() {
    up = false;
    displays.clear();
  }

  bool up = true;
  std::set<std::string> displays;

 private:
  void answer(Done done) {
    const bool worked = up;
    loop_.post([done = std::move(done), worked] {
      done(worked ? Status() : fail(ErrorCode::kUnavailable, "the engine is not running"));
    });
  }
  EventLoop& loop_;
};

class FakeImages final : public ImageStore {
 public:
  FakeImages() { add("tiny", ImageState::kReady); }
  void add(const std::string& name, ImageState state) {
    Image image;
    image.name = image.title = name;
    image.state = state;
    if (state == ImageState::kReady) {
      image.rootfs = "/images/" + name;
      image.digest = "sha256:" + std::string(64, 'a');
    }
    image.command = {"/bin/app"};
    images_[name] = image;
  }
  [[nodiscard]] Result<std::vector<Image>> list() override {
    std::vector<Image> all;
    for (const auto& [name, image] : images_) all.push_back(image);
    return all;
  }
  [[nodiscard]] Result<Image> find(std::string_view name) override {
    const auto found = images_.find(name);
    if (found == images_.end())
      return fail(ErrorCode::kNotFound, "there is no image " + std::string(name));
    return found->second;
  }
  [[nodiscard]] Result<Image> ensure(std::string_view name, const ImageProgressCallback&,
                                     int) override {
    return find(name);
  }
  [[nodiscard]] Status remove(std::string_view) override { return {}; }
  [[nodiscard]] Status verify(std::string_view) override { return {}; }

 private:
  std::map<std::string, Image, std::less<>> images_;
};

// Different at each call and the same in each run.
class CountingRandom final : public Random {
 public:
  [[nodiscard]] std::string bytes(std::size_t count) override {
    std::string text(count, '\0');
    for (char& byte : text)
      byte = static_cast<char>(state_ = state_ * 6364136223846793005u + 1442695040888963407u,
                               state_ >> 56);
    return text;
  }

 private:
  std::uint64_t state_ = 7;
};

// A loop on a clock that stands still until the test moves it.
struct TestLoop {
  FakeClock clock;
  std::unique_ptr<EventLoop> loop = *EventLoop::create(clock);

  // Turns until `done`, at most `turns` times.
  bool turn_until(const std::function<bool()>& done, int turns = 2000) {
    for (int i = 0; i < turns; ++i) {
      if (done()) return true;
      loop->run_once(Duration(0));
    }
    return done();
  }
};

}  // namespace rp
