// Phones: rows, commands, tickets and logs.
#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "containers/controller/rest/api.h"
#include "engine/base/event_loop.h"
#include "engine/base/http/json.h"
#include "engine/base/limits.h"

namespace rp {

namespace {

constexpr std::int64_t kAnyNumber = std::int64_t{1} << 31;
constexpr std::size_t kMaxLogBytes = 1 << 20;

PhoneWish read_wish(JsonFields& fields) {
  PhoneWish wish;
  // Phones checks the ranges; a sentence about a number's size comes from one place.
  if (fields.has("name")) wish.name = fields.text("name", 0, 4096);
  if (fields.has("width")) wish.width_px = fields.integer("width", -kAnyNumber, kAnyNumber);
  if (fields.has("height")) wish.height_px = fields.integer("height", -kAnyNumber, kAnyNumber);
  if (fields.has("scale_120"))
    wish.scale_120 = fields.integer("scale_120", -kAnyNumber, kAnyNumber);
  return wish;
}

nlohmann::json phone_json(const Phone& phone, PeopleStore& people, const Reconciler& reconciler) {
  nlohmann::json body{{"id", phone.id},
                      {"name", phone.name},
                      {"image", phone.image},
                      {"state", to_string(phone.state)},
                      {"wanted", to_string(phone.wanted)},
                      {"reason", phone.reason},
                      {"owner", nullptr},
                      {"width", phone.width_px},
                      {"height", phone.height_px},
                      {"scale_120", phone.scale_120},
                      {"attempts", phone.attempts},
                      {"created_at", phone.created_at},
                      {"changed_at", phone.changed_at},
                      {"viewers", 0},
                      {"clients", 0},
                      {"has_content", false},
                      {"memory_bytes", 0},
                      {"address", ""}};
  if (phone.owner)
    if (auto owner = people.user(*phone.owner); owner && *owner) body["owner"] = (*owner)->name;
  if (const EnginePhone* display = reconciler.display(phone.id)) {
    body["viewers"] = display->viewers;
    body["clients"] = display->clients;
    body["has_content"] = display->has_content;
  }
  if (const ContainerInfo* container = reconciler.container(phone.id)) {
    body["memory_bytes"] = container->memory_bytes;
    body["address"] = container->address;
  }
  return body;
}

}  // namespace

HttpResponse RestApi::phone_answer(int status, const Phone& phone) {
  return json_response(status, phone_json(phone, parts_.people, parts_.reconciler));
}

void RestApi::list_phones(const Caller& caller, const HttpRequest& /*request*/,
                          const HttpResponder& responder) {
  auto phones = parts_.phones.list(caller.asker);
  if (!phones) return responder.send(refusal_answer(phones.error()));
  nlohmann::json list = nlohmann::json::array();
  for (const Phone& phone : *phones)
    list.push_back(phone_json(phone, parts_.people, parts_.reconciler));
  responder.send(json_response(200, {{"phones", std::move(list)}}));
}

void RestApi::post_phone(const Caller& caller, const HttpRequest& request,
                         const HttpResponder& responder) {
  JsonFields fields(request.body);
  PhoneWish wish = read_wish(fields);
  if (fields.has("image")) wish.image = fields.text("image", 1, 64);
  wish.start = fields.boolean_or("start", false);
  if (auto bad = fields.finish()) return responder.send(*std::move(bad));
  // Which images there are is on disk: a worker looks. Shared by both halves of the task.
  auto images = std::make_shared<Result<std::vector<Image>>>();
  const bool queued =
      parts_.workers.submit([images, &store = parts_.images] { *images = store.list(); },
                            [this, images, wish, asker = caller.asker, responder] {
                              if (!*images) return responder.send(json_error(images->error()));
                              std::vector<std::string> names;
                              for (const Image& image : **images) names.push_back(image.name);
                              auto phone = parts_.phones.create(asker, wish, names);
                              if (!phone) return responder.send(refusal_answer(phone.error()));
                              responder.send(phone_answer(201, *phone));
                            });
  if (!queued)
    responder.send(json_error(503, "unavailable", "", "the controller is busy; try again"));
}

void RestApi::get_phone(const Caller& caller, const HttpRequest& request,
                        const HttpResponder& responder) {
  auto phone = parts_.phones.get(caller.asker, request.param("id"));
  responder.send(phone ? phone_answer(200, *phone) : refusal_answer(phone.error()));
}

void RestApi::patch_phone(const Caller& caller, const HttpRequest& request,
                          const HttpResponder& responder) {
  JsonFields fields(request.body);
  const PhoneWish wish = read_wish(fields);
  if (auto bad = fields.finish()) return responder.send(*std::move(bad));
  auto phone = parts_.phones.change(caller.asker, request.param("id"), wish);
  responder.send(phone ? phone_answer(200, *phone) : refusal_answer(phone.error()));
}

void RestApi::delete_phone(const Caller& caller, const HttpRequest& request,
                           const HttpResponder& responder) {
  auto phone = parts_.phones.remove(caller.asker, request.param("id"));
  responder.send(phone ? phone_answer(202, *phone) : refusal_answer(phone.error()));
}

void RestApi::command_phone(const Caller& caller, const HttpRequest& request,
                            const HttpResponder& responder) {
  const auto command = parse_phone_command(request.param("command"));
  if (!command)
    return responder.send(json_error(404, "not_found", "command",
                                     "a phone knows start, stop, restart, freeze, thaw and reset"));
  auto phone = parts_.phones.command(caller.asker, request.param("id"), *command);
  responder.send(phone ? phone_answer(202, *phone) : refusal_answer(phone.error()));
}

void RestApi::post_ticket(const Caller& caller, const HttpRequest& request,
                          const HttpResponder& responder) {
  std::string device;
  if (!request.body.empty()) {
    JsonFields fields(request.body);
    device = fields.text_or("device", "", 0, 128);
    if (auto bad = fields.finish()) return responder.send(*std::move(bad));
  }
  auto phone = parts_.phones.wake(caller.asker, request.param("id"));
  if (!phone) return responder.send(refusal_answer(phone.error()));
  const std::string session = caller.identity ? caller.identity->session : "root";
  const std::int64_t expires = parts_.loop.clock().unix_seconds() + kTicketLifetime_s;
  auto ticket =
      sign_ticket(parts_.ticket_key, {phone->id, caller.asker.name, session, "owner", device,
                                      expires, parts_.random.bytes(kTicketNonceBytes)});
  if (!ticket) return responder.send(json_error(ticket.error()));
  responder.send(json_response(
      200, {{"ticket", *ticket}, {"expires_in", kTicketLifetime_s}, {"stream", "/stream"}}));
}

void RestApi::get_log(const Caller& caller, const HttpRequest& request,
                      const HttpResponder& responder) {
  auto phone = parts_.phones.get(caller.asker, request.param("id"));
  if (!phone) return responder.send(refusal_answer(phone.error()));
  std::size_t bytes = 64 << 10;
  if (const auto asked = request.query_value("bytes")) {
    const char* end = asked->data() + asked->size();
    const auto parsed = std::from_chars(asked->data(), end, bytes);
    if (parsed.ec != std::errc() || parsed.ptr != end || bytes == 0 || bytes > kMaxLogBytes)
      return responder.send(json_error(400, "invalid", "bytes",
                                       "bytes must be 1 to " + std::to_string(kMaxLogBytes)));
  }
  answer_later(responder, [&runtime = parts_.runtime, id = phone->id, bytes] {
    auto text = runtime.read_log(id, bytes);
    if (!text && text.error().code == ErrorCode::kNotFound) text = std::string();
    if (!text) return json_error(text.error());
    HttpResponse response;
    response.headers.set("Content-Type", "text/plain; charset=utf-8");
    response.body = *std::move(text);
    return response;
  });
}

}  // namespace rp
