// The members of every struct of report.h are listed once, in describe(); Writer and Reader both
// walk that list, so that what is written is what is read.
#include <cmath>
#include <concepts>
#include <set>
#include <type_traits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/capacity/report/report.h"
#include "engine/base/http/json.h"

namespace rp {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr double kMaxFigure = 1e15;
constexpr std::int64_t kMaxCount = 1LL << 53;  // exact in every reader's numbers
constexpr std::size_t kMaxNameBytes = 64;

template <class S, class T>
concept Is = std::same_as<std::remove_const_t<S>, T>;

class Writer {
 public:
  explicit Writer(ordered_json& out) : out_(out) { out_ = ordered_json::object(); }

  void figure(const char* name, const double& value, double = 0, double = kMaxFigure) {
    out_[name] = value;
  }
  void figure(const char* name, const std::optional<double>& value) {
    if (value) out_[name] = *value;
  }
  template <std::integral I>
  void integer(const char* name, const I& value, std::int64_t, std::int64_t) {
    out_[name] = value;
  }
  void integer(const char* name, const std::optional<int>& value, std::int64_t, std::int64_t) {
    if (value) out_[name] = *value;
  }
  void boolean(const char* name, const bool& value) { out_[name] = value; }
  void text(const char* name, const std::string& value, std::size_t, std::size_t) {
    out_[name] = value;
  }
  void text(const char* name, const std::optional<std::string>& value, std::size_t, std::size_t) {
    if (value) out_[name] = *value;
  }
  template <class T>
  void object(const char* name, const T& value) {
    Writer inner(out_[name]);
    describe(inner, value);
  }
  template <class T>
  void object(const char* name, const std::optional<T>& value) {
    if (value) object(name, *value);
  }
  template <class T>
  void list(const char* name, const std::vector<T>& values, std::size_t) {
    ordered_json& out = out_[name] = ordered_json::array();
    for (const T& value : values) {
      Writer inner(out.emplace_back());
      describe(inner, value);
    }
  }
  void resource(const char* name, const CapacityResource& value) { out_[name] = to_string(value); }
  void require(bool, const char*, const char*) {}

 private:
  ordered_json& out_;
};

// Keeps the first fault; later reads leave the defaults.
class Reader {
 public:
  Reader(const json& in, std::string path, Status& fault)
      : in_(in), path_(std::move(path)), fault_(fault) {
    if (!in_.is_object()) complain("", "must be an object");
  }

  // After describe(): a member nobody asked for is misspelt or of a format we do not know.
  void finish() {
    if (!in_.is_object()) return;
    for (const auto& [name, value] : in_.items()) {
      if (!asked_.contains(name)) complain(name.substr(0, kMaxNameBytes), "is not known here");
    }
  }

  void figure(const char* name, double& value, double min = 0, double max = kMaxFigure) {
    const json* found = find(name, true);
    if (found == nullptr) return;
    const double number = found->is_number() ? found->get<double>() : NAN;
    if (!(number >= min && number <= max)) {
      return complain(name, fmt::format("must be a number of {} to {}", min, max));
    }
    value = number;
  }
  void figure(const char* name, std::optional<double>& value) {
    if (find(name, false) != nullptr) figure(name, value.emplace());
  }
  template <std::integral I>
  void integer(const char* name, I& value, std::int64_t min, std::int64_t max) {
    const json* found = find(name, true);
    if (found == nullptr) return;
    const bool huge = found->is_number_unsigned() &&
                      found->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
    const bool whole = found->is_number_integer() && !huge;
    const std::int64_t number = whole ? found->get<std::int64_t>() : min;
    if (!whole || number < min || number > max) {
      return complain(name, fmt::format("must be a whole number of {} to {}", min, max));
    }
    value = static_cast<I>(number);
  }
  void integer(const char* name, std::optional<int>& value, std::int64_t min, std::int64_t max) {
    if (find(name, false) != nullptr) integer(name, value.emplace(), min, max);
  }
  void boolean(const char* name, bool& value) {
    const json* found = find(name, true);
    if (found == nullptr) return;
    if (!found->is_boolean()) return complain(name, "must be true or false");
    value = found->get<bool>();
  }
  void text(const char* name, std::string& value, std::size_t min_bytes, std::size_t max_bytes) {
    const json* found = find(name, true);
    if (found == nullptr) return;
    const auto* string = found->get_ptr<const std::string*>();
    if (string == nullptr || string->size() < min_bytes || string->size() > max_bytes) {
      return complain(name, fmt::format("must be text of {} to {} bytes", min_bytes, max_bytes));
    }
    value = *string;
  }
  void text(const char* name, std::optional<std::string>& value, std::size_t min_bytes,
            std::size_t max_bytes) {
    if (find(name, false) != nullptr) text(name, value.emplace(), min_bytes, max_bytes);
  }
  template <class T>
  void object(const char* name, T& value) {
    const json* found = find(name, true);
    if (found != nullptr) read(*found, path_of(name), fault_, value);
  }
  template <class T>
  void object(const char* name, std::optional<T>& value) {
    if (find(name, false) != nullptr) object(name, value.emplace());
  }
  template <class T>
  void list(const char* name, std::vector<T>& values, std::size_t max_count) {
    const json* found = find(name, true);
    if (found == nullptr) return;
    if (!found->is_array() || found->size() > max_count) {
      return complain(name, fmt::format("must be a list of at most {}", max_count));
    }
    for (std::size_t i = 0; i < found->size() && fault_; ++i) {
      read((*found)[i], fmt::format("{}[{}]", path_of(name), i), fault_, values.emplace_back());
    }
  }
  void resource(const char* name, CapacityResource& value) {
    std::string text;
    this->text(name, text, 1, kMaxNameBytes);
    using enum CapacityResource;
    for (const auto known : {kCpu, kEncoder, kMemory, kNetwork, kDisk, kUnknown}) {
      if (to_string(known) == text) {
        value = known;
        return;
      }
    }
    complain(name, "must be cpu, encoder, memory, network, disk or unknown");
  }
  void require(bool holds, const char* name, const char* otherwise) {
    if (!holds) complain(name, otherwise);
  }

  template <class T>
  static void read(const json& in, std::string path, Status& fault, T& value) {
    Reader inner(in, std::move(path), fault);
    describe(inner, value);
    inner.finish();
  }

 private:
  [[nodiscard]] std::string path_of(std::string_view name) const {
    if (path_.empty() || name.empty()) return path_ + std::string(name);
    return path_ + '.' + std::string(name);
  }
  void complain(std::string_view name, std::string_view what) {
    if (!fault_) return;
    const std::string path = path_of(name);
    fault_ =
        fail(ErrorCode::kInvalid, fmt::format("{} {}", path.empty() ? "the report" : path, what));
  }
  const json* find(const char* name, bool wanted) {
    asked_.insert(name);
    if (!in_.is_object()) return nullptr;
    const auto found = in_.find(name);
    if (found != in_.end()) return &*found;
    if (wanted) complain(name, "is missing");
    return nullptr;
  }

  const json& in_;
  std::string path_;
  Status& fault_;
  std::set<std::string, std::less<>> asked_;
};

template <class A, Is<Quantiles> S>
void describe(A& a, S& s) {
  a.integer("count", s.count, 0, kMaxCount);
  a.figure("p50", s.p50);
  a.figure("p95", s.p95);
  a.figure("p99", s.p99);
  a.figure("max", s.max);
  a.require(s.p50 <= s.p95 && s.p95 <= s.p99 && s.p99 <= s.max, "p95",
            "must lie between p50 and p99, and p99 below max");
}

template <class A, Is<MachineFacts> S>
void describe(A& a, S& s) {
  a.text("cpu_model", s.cpu_model, 0, kMaxReportTextBytes);
  a.integer("cores", s.cores, 1, 65'536);
  a.figure("memory_mib", s.memory_mib);
  a.text("kernel", s.kernel, 0, kMaxReportTextBytes);
}

template <class A, Is<QualityBounds> S>
void describe(A& a, S& s) {
  a.figure("input_to_photon_p95_ms", s.input_to_photon_p95_ms);
  a.figure("frame_interval_p95_ms", s.frame_interval_p95_ms);
  a.figure("dropped_percent", s.dropped_percent);
  a.figure("launch_p95_ms", s.launch_p95_ms);
  a.figure("memory_percent", s.memory_percent);
}

template <class A, Is<NetworkCondition> S>
void describe(A& a, S& s) {
  a.figure("rate_kbps", s.rate_kbps);
  a.figure("delay_ms", s.delay_ms);
  a.figure("loss_percent", s.loss_percent, 0, 100);
  a.text("made_by", s.made_by, 1, kMaxNameBytes);
}

template <class A, Is<EncoderFacts> S>
void describe(A& a, S& s) {
  a.text("name", s.name, 1, kMaxNameBytes);
  a.boolean("modelled", s.modelled);
  a.text("label", s.label, 0, kMaxReportTextBytes);
  // A modelled figure must never pass for a measured one.
  a.require(s.modelled == s.name.starts_with("model:"), "modelled",
            "must be true exactly when the name begins with \"model:\"");
}

template <class A, Is<WorkloadFacts> S>
void describe(A& a, S& s) {
  a.text("name", s.name, 1, kMaxNameBytes);
  a.text("phone_kind", s.phone_kind, 1, kMaxNameBytes);
  a.integer("width_px", s.width_px, 1, 16'384);
  a.integer("height_px", s.height_px, 1, 16'384);
  a.integer("refresh_hz", s.refresh_hz, 1, 1000);
}

template <class A, Is<StageCpu> S>
void describe(A& a, S& s) {
  a.text("stage", s.stage, 1, kMaxNameBytes);
  a.figure("ms_per_frame", s.ms_per_frame);
}

template <class A, Is<MemoryFigures> S>
void describe(A& a, S& s) {
  a.figure("rss_mib", s.rss_mib);
  a.figure("pss_mib", s.pss_mib);
  a.figure("rss_kib_per_session", s.rss_kib_per_session);
  a.figure("pss_kib_per_session", s.pss_kib_per_session);
}

template <class A, Is<TrafficFigures> S>
void describe(A& a, S& s) {
  a.figure("out_kbps", s.out_kbps);
  a.figure("in_kbps", s.in_kbps);
  a.figure("out_kbps_per_session", s.out_kbps_per_session);
  a.figure("in_kbps_per_session", s.in_kbps_per_session);
}

template <class A, Is<BrokenBound> S>
void describe(A& a, S& s) {
  a.text("bound", s.bound, 1, kMaxNameBytes);
  a.figure("limit", s.limit);
  a.figure("value", s.value);
}

template <class A, Is<CapacityStep> S>
void describe(A& a, S& s) {
  a.integer("phones_asked", s.phones_asked, 0, kMaxReportPhones);
  a.integer("phones_served", s.phones_served, 0, kMaxReportPhones);
  a.require(s.phones_served <= s.phones_asked, "phones_served", "must not exceed phones_asked");
  a.figure("seconds", s.seconds);
  a.object("launch_ms", s.launch_ms);
  a.object("input_to_photon_ms", s.input_to_photon_ms);
  a.object("frame_interval_ms", s.frame_interval_ms);
  a.object("commit_to_received_ms", s.commit_to_received_ms);
  a.object("frame_bytes", s.frame_bytes);
  a.integer("frames_delivered", s.frames_delivered, 0, kMaxCount);
  a.integer("frames_dropped", s.frames_dropped, 0, kMaxCount);
  a.figure("engine_cpu_percent", s.engine_cpu_percent);
  a.figure("engine_cpu_ms_per_frame", s.engine_cpu_ms_per_frame);
  a.list("stages", s.stages, kMaxReportStages);
  a.figure("app_cpu_percent", s.app_cpu_percent);
  a.figure("viewer_cpu_percent", s.viewer_cpu_percent);
  a.figure("machine_cpu_percent", s.machine_cpu_percent);
  a.object("engine_memory", s.engine_memory);
  a.object("app_memory", s.app_memory);
  a.object("phone_cgroup_kib", s.phone_cgroup_kib);
  a.figure("context_switches_per_s", s.context_switches_per_s);
  a.object("traffic", s.traffic);
  a.figure("watts", s.watts);
  a.object("broken", s.broken);
}

template <class A, Is<Binding> S>
void describe(A& a, S& s) {
  a.resource("resource", s.resource);
  a.text("why", s.why, 0, kMaxReportTextBytes);
}

// "2026-11-21T07:31:23Z": the form only; a leap second or 31 February does no harm here.
bool is_utc_time(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return false;
  }
  return true;
}

template <class A, Is<CapacityReport> S>
void describe(A& a, S& s) {
  int version = kCapacitySchemaVersion;  // checked before the rest is read
  a.integer("schema_version", version, kCapacitySchemaVersion, kCapacitySchemaVersion);
  a.text("tool_version", s.tool_version, 1, kMaxNameBytes);
  a.text("time", s.time, 1, kMaxNameBytes);
  a.require(is_utc_time(s.time), "time", "must be UTC as 2026-01-31T12:00:00Z");
  a.object("machine", s.machine);
  a.text("command_line", s.command_line, 0, kMaxReportTextBytes);
  a.object("workload", s.workload);
  a.integer("seed", s.seed, 0, kMaxCount);
  a.object("bounds", s.bounds);
  a.object("network", s.network);
  a.object("encoder", s.encoder);
  a.list("steps", s.steps, kMaxReportSteps);
  a.integer("knee_phones", s.knee_phones, 0, kMaxReportPhones);
  a.object("binding", s.binding);
  a.boolean("complete", s.complete);
}

}  // namespace

std::string to_json(const CapacityReport& report) {
  ordered_json out;
  Writer writer(out);
  describe(writer, report);
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

Result<CapacityReport> parse_capacity_report(std::string_view text) {
  if (text.size() > kMaxReportBytes) {
    return fail(ErrorCode::kExhausted,
                fmt::format("a report is at most {} bytes", kMaxReportBytes));
  }
  RP_ASSIGN(const json in, parse_json(text));
  if (in.is_object()) {
    const auto version = in.find("schema_version");
    if (version != in.end() && version->is_number_integer() && *version != kCapacitySchemaVersion) {
      return fail(ErrorCode::kUnsupported,
                  fmt::format("schema_version is {}; this rackphone reads {}: run the benchmark "
                              "again, or use the version that wrote the report",
                              version->dump(), kCapacitySchemaVersion));
    }
  }
  CapacityReport report;
  Status fault;
  Reader::read(in, "", fault, report);
  if (!fault) return forward(fault.error());
  return report;
}

}  // namespace rp
