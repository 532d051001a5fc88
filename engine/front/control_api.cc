#include "engine/front/control_api.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/base/http/json.h"
#include "engine/base/limits.h"

namespace rp {

namespace {

using nlohmann::json;

constexpr std::int32_t kMinScale_120 = 60;   // 0.5
constexpr std::int32_t kMaxScale_120 = 600;  // 5.0
constexpr std::int32_t kMaxRefresh_hz = 240;

json to_json(const PhoneInfo& phone) {
  return {{"id", phone.id},
          {"name", phone.name},
          {"socket_dir", phone.socket_dir},
          {"socket", "wayland-0"},
          {"encoder", phone.encoder},
          {"width", phone.size.width},
          {"height", phone.size.height},
          {"clients", phone.clients},
          {"viewers", phone.viewers},
          {"has_content", phone.has_content},
          {"frames", phone.frames}};
}

json states(const std::vector<DriverState>& drivers) {
  json list = json::array();
  for (const DriverState& driver : drivers) {
    list.push_back({{"name", driver.name},
                    {"available", driver.available},
                    {"used", driver.used},
                    {"reason", driver.reason},
                    {"advice", driver.advice}});
  }
  return list;
}

HttpResponse bad_id() {
  return json_error(400, "invalid", "id", "id must be 1 to 40 of a-z, 0-9 and -");
}

HttpResponse answer_of(const Result<PhoneInfo>& phone) {
  return phone ? json_response(200, to_json(*phone)) : json_error(phone.error());
}

}  // namespace

bool is_phone_id(std::string_view id) {
  return !id.empty() && id.size() <= 40 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

ControlApi::ControlApi(ControlApiParts parts)
    : parts_(parts), started_(parts.loop.clock().now()), server_(parts.loop, router_.handler()) {
  add_phone_routes();
  router_.add_sync("PUT", "/v1/ticket-keys", [this](const HttpRequest& r) { return put_keys(r); });
  router_.add_sync("GET", "/v1/health", [this](const HttpRequest&) { return health(); });
  router_.add_sync("GET", "/metrics", [this](const HttpRequest&) {
    return HttpResponse{200,
                        {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
                        parts_.metrics.render()};
  });
}

Status ControlApi::listen(const std::string& path) {
  RP_ASSIGN(UniqueFd socket, listen_unix_fresh(path, {.mode = 0600}));
  return server_.listen(std::move(socket));
}

void ControlApi::add_phone_routes() {
  router_.add("GET", "/v1/phones", [this](const HttpRequest&, const HttpResponder& responder) {
    parts_.phones.list([responder](const std::vector<PhoneInfo>& phones) {
      json list = json::array();
      for (const PhoneInfo& phone : phones) list.push_back(to_json(phone));
      responder.send(json_response(200, {{"phones", std::move(list)}}));
    });
  });
  router_.add("PUT", "/v1/phones/{id}",
              [this](const HttpRequest& request, const HttpResponder& responder) {
                put_phone(request, responder);
              });
  router_.add(
      "GET", "/v1/phones/{id}", [this](const HttpRequest& request, const HttpResponder& responder) {
        const std::string& id = request.param("id");
        if (!is_phone_id(id)) return responder.send(bad_id());
        parts_.phones.get(
            id, [responder](const Result<PhoneInfo>& phone) { responder.send(answer_of(phone)); });
      });
  router_.add("DELETE", "/v1/phones/{id}",
              [this](const HttpRequest& request, const HttpResponder& responder) {
                const std::string& id = request.param("id");
                if (!is_phone_id(id)) return responder.send(bad_id());
                parts_.phones.remove(id, [responder](const Status& removed) {
                  responder.send(removed ? HttpResponse{204, {}, {}} : json_error(removed.error()));
                });
              });
}

void ControlApi::put_phone(const HttpRequest& request, const HttpResponder& responder) {
  PhoneRequest phone;
  phone.id = request.param("id");
  if (!is_phone_id(phone.id)) return responder.send(bad_id());
  JsonFields fields(request.body);
  const auto side = [&](const char* name) {
    return static_cast<std::int32_t>(
        fields.integer(name, limits::kMinOutputSide_px, limits::kMaxOutputSide_px));
  };
  phone.name = fields.text_or("name", phone.id, 1, 100);
  phone.mode.size = {side("width"), side("height")};
  phone.mode.scale_120 = static_cast<std::int32_t>(
      fields.integer_or("scale_120", phone.mode.scale_120, kMinScale_120, kMaxScale_120));
  phone.own_scale_120 =
      static_cast<std::int32_t>(fields.integer_or("own_scale_120", 0, 0, kMaxScale_120));
  phone.mode.refresh_mhz =
      static_cast<std::int32_t>(fields.integer_or("refresh_hz", 60, 1, kMaxRefresh_hz) * 1000);
  if (auto bad = fields.finish()) return responder.send(std::move(*bad));
  parts_.phones.put(std::move(phone), [responder](const Result<PhoneInfo>& made) {
    responder.send(answer_of(made));
  });
}

HttpResponse ControlApi::put_keys(const HttpRequest& request) {
  JsonFields fields(request.body);
  std::vector<TicketPublicKey> keys;
  for (const std::string& text : fields.texts("keys", 16, 64)) {
    const auto key = parse_ticket_public_key(text);
    if (key) {
      keys.push_back(*key);
    } else {
      fields.fault("keys", key.error().message());
    }
  }
  if (auto bad = fields.finish()) return std::move(*bad);
  if (const Status set = parts_.tickets.set_keys(keys); !set)
    return json_error(set.error(), "keys");
  return {204, {}, {}};
}

HttpResponse ControlApi::health() const {
  const auto uptime = parts_.loop.clock().now() - started_;
  json tls_records = json::array();
  for (const TlsRecordsState& records : parts_.tls_records) {
    tls_records.push_back({{"name", records.name},
                           {"available", records.available},
                           {"used", records.used},
                           {"found", records.found},
                           {"advice", records.advice}});
  }
  return json_response(
      200, {{"status", "ok"},
            {"version", RP_VERSION},
            {"uptime_s", std::chrono::duration_cast<std::chrono::seconds>(uptime).count()},
            {"shards", parts_.shards},
            {"encoders", states(parts_.encoders)},
            {"composers", states(parts_.composers)},
            {"shared_memory", states(parts_.shared_memory)},
            {"tls_records", std::move(tls_records)}});
}

}  // namespace rp
