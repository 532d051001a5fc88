// Session, own account and sign-in codes.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "containers/controller/rest/api.h"
#include "engine/base/http/json.h"

namespace rp {

namespace {

constexpr std::int64_t kCookieLife_s = 30 * 24 * 3600;
constexpr std::int64_t kCodeLife_s = 24 * 3600;

nlohmann::json user_json(const User& user) {
  return {{"name", user.name},
          {"role", user.owner ? "owner" : "user"},
          {"needs_password", user.password_hash.empty()}};
}

// RFC 6265: never readable by scripts, never over plain HTTP, never sent from another site.
std::string cookie(std::string_view token, std::int64_t life_s) {
  return fmt::format("rackphone_session={}; Path=/; Max-Age={}; HttpOnly; Secure; SameSite=Strict",
                     token, life_s);
}

}  // namespace

HttpResponse RestApi::session_answer(const std::optional<Identity>& identity) {
  auto first = parts_.sign_in.first_sign_in();
  if (!first) return json_error(first.error());
  nlohmann::json body{{"user", nullptr}, {"csrf", ""}, {"first_sign_in", *first}};
  if (identity) {
    body["user"] = user_json(identity->user);
    body["csrf"] = identity->csrf;
  }
  return json_response(200, body);
}

void RestApi::get_session(const Caller& caller, const HttpRequest& /*request*/,
                          const HttpResponder& responder) {
  responder.send(session_answer(caller.identity));
}

void RestApi::post_session(const Caller& caller, const HttpRequest& request,
                           const HttpResponder& responder) {
  JsonFields fields(request.body);
  const bool by_code = fields.has("code");
  std::string code, name, password;
  if (by_code) {
    code = fields.text("code", 1, 64);
  } else {
    name = fields.text("name", 1, 64);
    password = fields.text("password", 1, kMaxPasswordBytes);
  }
  if (auto bad = fields.finish()) return responder.send(*std::move(bad));
  auto opened = [this, responder](Checked<NewSession> session) {
    if (!session) return responder.send(refusal_answer(session.error()));
    HttpResponse response = session_answer(session->identity);
    response.headers.add("Set-Cookie", cookie(session->token, kCookieLife_s));
    responder.send(std::move(response));
  };
  if (by_code) return opened(parts_.sign_in.with_code(code, caller.address));
  parts_.sign_in.with_password(name, password, caller.address, opened);
}

void RestApi::delete_session(const Caller& caller, const HttpRequest& /*request*/,
                             const HttpResponder& responder) {
  if (caller.identity)
    if (auto gone = parts_.sign_in.sign_out(*caller.identity); !gone)
      return responder.send(json_error(gone.error()));
  HttpResponse response = session_answer(std::nullopt);
  response.headers.add("Set-Cookie", cookie("", 0));
  responder.send(std::move(response));
}

void RestApi::put_me(const Caller& caller, const HttpRequest& request,
                     const HttpResponder& responder) {
  if (!caller.identity)
    return responder.send(json_error(403, "denied", "", "root has no account here; sign in"));
  JsonFields fields(request.body);
  const std::string name = fields.text("name", 1, 64);
  const std::string password = fields.text("password", 1, kMaxPasswordBytes);
  const std::string current = fields.text_or("current_password", "", 0, kMaxPasswordBytes);
  if (auto bad = fields.finish()) return responder.send(*std::move(bad));
  parts_.sign_in.set_credentials(*caller.identity, name, password, current,
                                 [responder](Checked<User> user) {
                                   if (!user) return responder.send(refusal_answer(user.error()));
                                   responder.send(json_response(200, user_json(*user)));
                                 });
}

void RestApi::post_code(const Caller& /*caller*/, const HttpRequest& /*request*/,
                        const HttpResponder& responder) {
  auto code = parts_.sign_in.fresh_code();
  if (!code) return responder.send(json_error(code.error()));
  responder.send(json_response(201, {{"code", *code}, {"expires_in", kCodeLife_s}}));
}

}  // namespace rp
