#include "outside/gateway_protocol.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace troupe::gateway_protocol {

namespace {

using nlohmann::json;

// The shop sells in one currency; the protocol names it so that a real gateway could refuse it.
constexpr const char* currency = "USD";
constexpr size_t longest_reason = 200;
constexpr size_t longest_transaction_id = 100;

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
                 || c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

bool visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string string_at(const json& object, const char* name) {
  auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The reason ends up in rows and before customers: no control characters (a database takes no
// NUL), bounded, and never cut inside a character.
std::string tidy_reason(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f')
      c = ' ';
  if (text.size() > longest_reason) {
    size_t end = longest_reason;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
      --end;
    text.resize(end);
  }
  return text;
}

// The answer's object, if it is one and speaks about `key`.
std::optional<json> about(std::string_view key, std::string_view body) {
  json parsed = json::parse(body, nullptr, false);
  if (!parsed.is_object() || string_at(parsed, "key") != key)
    return std::nullopt;
  return parsed;
}

std::string told(long http_status) {
  return "HTTP " + std::to_string(http_status);
}

bool worth_repeating(long http_status) {
  bool refused_for_good = http_status >= 400 && http_status < 500 && http_status != 408
                          && http_status != 425 && http_status != 429;
  return !refused_for_good;
}

} // namespace

request charge(const charge_request& what) {
  json body{{"orderId", what.order_id}, {"amount", what.amount}, {"currency", currency}};
  if (!what.card_number.empty())
    body["card"] = what.card_number;
  if (!what.payment_method.empty())
    body["paymentMethod"] = what.payment_method;
  return {"/charges", what.key, dump(body)};
}

request void_charge(std::string_view key) {
  return {"/charges/" + percent_encoded(key) + "/void", {}, "{}"};
}

request refund(std::string_view key, std::string_view charge_key, cents amount) {
  return {"/refunds", std::string(key), dump({{"chargeKey", charge_key}, {"amount", amount}})};
}

bool valid_key(std::string_view key) {
  return !key.empty() && key.size() <= 128 && visible_ascii(key);
}

bool valid_traceparent(std::string_view text) {
  return !text.empty() && text.size() <= 64
         && text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

charge_meaning read_charge(std::string_view key, long http_status, std::string_view body) {
  bool done = http_status == 200 || http_status == 201;
  if (done || http_status == 402 || http_status == 409) {
    if (auto answer = about(key, body)) {
      std::string status = string_at(*answer, "status");
      std::string reason = tidy_reason(string_at(*answer, "reason"));
      std::string transaction = string_at(*answer, "transactionId");
      if (status == "captured" && done && !transaction.empty()
          && transaction.size() <= longest_transaction_id && visible_ascii(transaction))
        return {{gateway_answer::captured, transaction, {}}, false};
      if (status == "declined" && http_status != 409)
        return {{gateway_answer::declined, {}, reason}, false};
      if (status == "voided" && http_status != 402)
        return {{gateway_answer::voided, {}, reason}, false};
    }
  }
  return {{gateway_answer::unknown, {}, told(http_status)}, worth_repeating(http_status)};
}

refund_reply read_refund(std::string_view key, long http_status, std::string_view body) {
  bool done = http_status == 200 || http_status == 201;
  if (done || http_status == 409) {
    if (auto answer = about(key, body)) {
      std::string status = string_at(*answer, "status");
      if (status == "refunded" && done)
        return {refund_answer::refunded, {}};
      if (status == "refused")
        return {refund_answer::refused, tidy_reason(string_at(*answer, "reason"))};
    }
  }
  return {refund_answer::unknown, told(http_status)};
}

} // namespace troupe::gateway_protocol
