#include "sim/gateway_desk.hpp"

#include "http/json_input.hpp"
#include "http/problem.hpp"
#include "telemetry/log.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace troupe::sim {

namespace {

using nlohmann::json;

constexpr size_t longest_key = 128; // as long as a path's segment may be
constexpr size_t longest_card = 64;
constexpr size_t longest_method = 64;
constexpr const char* decline_reason = "The card was declined.";

std::string digits_of(const std::string& card) {
  std::string digits;
  for (char c : card)
    if (c != ' ' && c != '-')
      digits += c;
  return digits;
}

bool valid_key(std::string_view key) {
  return !key.empty() && key.size() <= longest_key
         && std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

json to_json(const ledger_entry& entry) {
  json out{{"key", entry.key},
           {"kind", entry.kind},
           {"status", entry.status},
           {"orderId", entry.order_id},
           {"amount", entry.amount},
           {"currency", entry.currency},
           {"cardLast4", entry.card_last4},
           {"calls", entry.calls},
           {"refunded", entry.refunded}};
  if (!entry.transaction_id.empty())
    out["transactionId"] = entry.transaction_id;
  if (!entry.reason.empty())
    out["reason"] = entry.reason;
  if (!entry.charge_key.empty())
    out["chargeKey"] = entry.charge_key;
  return out;
}

desk_answer shown(int status, const ledger_entry& entry) {
  return {{.status = status, .headers = {}, .body = to_json(entry).dump()},
          delivery::answer,
          entry.status};
}

desk_answer refusal(const http::request& what, const http::problem& why) {
  return {http::to_response(why, what.instance()), delivery::answer, why.code};
}

http::problem invalid(std::vector<http::field_error> errors) {
  http::problem why;
  why.status = 400;
  why.code = "invalid_request";
  why.errors = std::move(errors);
  return why;
}

http::problem plain(int status, std::string code, std::string detail) {
  http::problem why;
  why.status = status;
  why.code = std::move(code);
  why.detail = std::move(detail);
  return why;
}

const http::problem other_body = plain(422, "key_reused", "That key belongs to another request.");

// The Idempotency-Key, if it is there once and well-formed.
std::optional<std::string> key_of(const http::request& what) {
  auto key = what.header("Idempotency-Key");
  if (!key || what.header_count("Idempotency-Key") != 1 || !valid_key(*key))
    return std::nullopt;
  return std::string(*key);
}

const http::problem bad_key
    = plain(400, "invalid_key", "Idempotency-Key: 1 to 128 visible ASCII characters.");

bool same_charge(const ledger_entry& a, const ledger_entry& b) {
  return a.order_id == b.order_id && a.amount == b.amount && a.currency == b.currency
         && a.card_last4 == b.card_last4;
}

struct charge_body {
  ledger_entry wanted;
  card_kind card = card_kind::approved;
};

charge_body read_charge(http::json_input& in) {
  using pointer = http::json_input::pointer;
  for (const char* name : {"/orderId", "/amount", "/currency"})
    in.complain_if_absent(pointer(name));
  charge_body out;
  out.wanted.kind = "charge";
  out.wanted.order_id = in.id(pointer("/orderId")).value_or("");
  out.wanted.amount = in.integer(pointer("/amount"), 0, max_amount).value_or(0);
  out.wanted.currency = in.text(pointer("/currency"), 3).value_or("");
  auto card = in.text(pointer("/card"), longest_card).value_or("");
  in.text(pointer("/paymentMethod"), longest_method);
  out.card = kind_of_card(card);
  out.wanted.card_last4 = last_four(card);
  return out;
}

void tell(std::string_view what, const std::string& key, const std::string& order,
          const desk_answer& answer) {
  log::info("gateway_sim." + std::string(what),
            {{"key", key}, {"order", order}, {"outcome", answer.outcome}});
}

} // namespace

card_kind kind_of_card(const std::string& card) {
  auto digits = digits_of(card);
  if (digits == "4000000000000002")
    return card_kind::declined;
  if (digits == "4000000000000119")
    return card_kind::silent;
  if (digits == "4000000000000341")
    return card_kind::breaks;
  return card_kind::approved;
}

std::string last_four(const std::string& card) {
  auto digits = digits_of(card);
  bool card_like = digits.size() >= 8 && std::all_of(digits.begin(), digits.end(), [](char c) {
                     return c >= '0' && c <= '9';
                   });
  return card_like ? digits.substr(digits.size() - 4) : std::string();
}

gateway_desk::gateway_desk(std::unique_ptr<gateway_ledger> books,
                           std::function<std::string()> transaction_ids)
    : books_(std::move(books)), transaction_ids_(std::move(transaction_ids)) {}

desk_answer gateway_desk::serve(const http::request& what) {
  try {
    if (what.route == "/charges")
      return charge(what);
    if (what.route == "/charges/:key/void")
      return void_charge(what);
    if (what.route == "/refunds")
      return refund(what);
    if (what.route == "/charges/:key")
      return one(what, "charge");
    if (what.route == "/refunds/:key")
      return one(what, "refund");
    if (what.route == "/ledger")
      return of_order(what);
    return health();
  } catch (const std::exception& e) {
    log::error("gateway_sim.books_failed", {{"route", what.route}, {"error", e.what()}});
    auto why = plain(503, "books_unavailable", "The books cannot be reached. Ask again.");
    why.retry_after = 1;
    return refusal(what, why);
  }
}

desk_answer gateway_desk::charge(const http::request& what) {
  auto key = key_of(what);
  if (!key)
    return refusal(what, bad_key);
  if (!what.has_json_type())
    return refusal(what, plain(415, "not_json", "Content-Type: application/json"));
  http::json_input in(what.body);
  auto body = read_charge(in);
  if (!in.good())
    return refusal(what, invalid(in.complaints()));
  if (body.card == card_kind::silent)
    return {{}, delivery::silence, "silence"};

  body.wanted.key = *key;
  body.wanted.status = body.card == card_kind::declined ? "declined" : "captured";
  if (body.card == card_kind::declined)
    body.wanted.reason = decline_reason;
  else
    body.wanted.transaction_id = transaction_ids_();
  bool fresh = false;
  auto entry = books_->record(body.wanted, fresh);

  desk_answer answer;
  if (entry.kind != "charge" || (!entry.order_id.empty() && !same_charge(entry, body.wanted)))
    answer = refusal(what, other_body);
  else if (entry.status == "voided")
    answer = shown(409, entry);
  else if (entry.status == "declined")
    answer = shown(402, entry);
  else
    answer = shown(fresh ? 201 : 200, entry);
  // Charged, and nobody is told: but who asks again with the same key learns it.
  if (fresh && body.card == card_kind::breaks)
    answer.how = delivery::break_off;
  tell("charge", *key, body.wanted.order_id, answer);
  return answer;
}

desk_answer gateway_desk::void_charge(const http::request& what) {
  std::string key(what.path_param("key"));
  if (!valid_key(key))
    return refusal(what, plain(404, "not_found", ""));
  auto entry = books_->void_charge(key, "Voided before it was charged.");
  auto answer = entry.kind == "charge" ? shown(200, entry) : refusal(what, other_body);
  tell("void", key, entry.order_id, answer);
  return answer;
}

desk_answer gateway_desk::refund(const http::request& what) {
  using pointer = http::json_input::pointer;
  auto key = key_of(what);
  if (!key)
    return refusal(what, bad_key);
  if (!what.has_json_type())
    return refusal(what, plain(415, "not_json", "Content-Type: application/json"));
  http::json_input in(what.body);
  in.complain_if_absent(pointer("/chargeKey"));
  in.complain_if_absent(pointer("/amount"));
  auto charge_key = in.text(pointer("/chargeKey"), longest_key).value_or("");
  auto amount = in.integer(pointer("/amount"), 0, max_amount).value_or(0);
  if (in.good() && !valid_key(charge_key))
    in.complain(pointer("/chargeKey"), "not a key");
  if (!in.good())
    return refusal(what, invalid(in.complaints()));

  auto entry = books_->refund(*key, charge_key, amount, transaction_ids_());
  desk_answer answer;
  if (entry.kind != "refund" || entry.charge_key != charge_key || entry.amount != amount)
    answer = refusal(what, other_body);
  else if (entry.status == "refused")
    answer = shown(409, entry);
  else
    answer = shown(entry.calls == 1 ? 201 : 200, entry);
  tell("refund", *key, entry.order_id, answer);
  return answer;
}

desk_answer gateway_desk::one(const http::request& what, const char* kind) {
  std::string key(what.path_param("key"));
  auto entry = valid_key(key) ? books_->find(key) : std::nullopt;
  if (!entry || entry->kind != kind)
    return refusal(what, plain(404, "not_found", ""));
  return shown(200, *entry);
}

desk_answer gateway_desk::of_order(const http::request& what) {
  auto order = what.query_param("orderId");
  if (!order || order->empty() || order->size() > longest_key)
    return refusal(what, plain(400, "invalid_request", "orderId is missing."));
  json all = json::array();
  for (const auto& entry : books_->of_order(std::string(*order)))
    all.push_back(to_json(entry));
  return {{.status = 200, .headers = {}, .body = all.dump()}, delivery::answer, "listed"};
}

desk_answer gateway_desk::health() {
  books_->ping();
  return {{.status = 200, .headers = {}, .body = R"({"status":"up"})"}, delivery::answer, "up"};
}

} // namespace troupe::sim
