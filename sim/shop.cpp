#include "sim/shop.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace troupe::sim {

namespace {

using nlohmann::json;
using clock = load_loop::clock;

constexpr std::chrono::milliseconds look_limit{20'000};

outcome outcome_of(int status) {
  if (status < 400)
    return outcome::ok;
  if (status == 409)
    return outcome::refused;
  return status == 429 || status == 503 ? outcome::busy : outcome::failed;
}

outcome outcome_of(const web_answer& a) {
  if (a.how == ending::answered)
    return outcome_of(a.status);
  return a.how == ending::timed_out ? outcome::timed_out : outcome::broken;
}

outcome outcome_of(const web_stream& opened) {
  if (opened.status() != 0)
    return outcome_of(opened.status());
  return opened.ended() ? outcome::broken : outcome::timed_out;
}

std::string code_of(const web_answer& a) {
  const auto body = json::parse(a.body, nullptr, false);
  return body.is_object() ? body.value("code", "") : "";
}

/// Of an answer that is not the one hoped for. 503 may come after the effect, 429 does not.
told refusal_of(const web_answer& a) {
  const bool final = a.status >= 400 && a.status < 500 && a.status != 408 && a.status != 429
                     && !(a.status == 409 && code_of(a) == "key_in_progress");
  return final ? told::refused : told::unknown;
}

json parse(const std::string& text) {
  return json::parse(text, nullptr, false);
}

} // namespace

shop::shop(scene& of, std::string user) : scene_(of), user_(std::move(user)), session_(of.client) {}

web_request shop::request(std::string method, std::string target) const {
  web_request r;
  r.method = std::move(method);
  r.target = std::move(target);
  r.headers = {"X-User-Id: " + user_};
  r.limit = look_limit;
  return r;
}

task<> shop::rest(milliseconds pause) {
  const auto until = clock::now() + pause;
  co_await scene_.loop.sleep_until(until);
  if (!scene_.loop.awake())
    due_ = until;
}

task<web_answer> shop::ask(call what, web_request request) {
  const auto started = clock::now();
  const auto intended = std::min(std::exchange(due_, std::nullopt).value_or(started), started);
  auto* record = scene_.seen;
  if (record != nullptr)
    record->begin(what);
  auto exchange = session_.send(std::move(request));
  auto answer = co_await exchange;
  if (record != nullptr)
    record->end(what, outcome_of(answer), intended, clock::now());
  co_return answer;
}

std::optional<order_status> shop::status_of(const std::string& order) const {
  const auto* facts = scene_.book.find(order);
  return facts == nullptr || facts->history.empty() ? std::nullopt
                                                    : std::optional(facts->history.back().status);
}

void shop::note_move(const std::string& order, std::optional<order_status> before) {
  const auto now = status_of(order);
  if (scene_.seen != nullptr && now && now != before)
    scene_.seen->moved(before, *now);
}

void shop::saw(const order_sight& s, int known, const std::string& etag, const char* where) {
  const auto before = status_of(s.id);
  scene_.book.saw(s, known, etag, where);
  note_move(s.id, before);
}

/// The order in a 2xx; an answer that holds none is a violation.
std::optional<order_sight> shop::read(const web_answer& answer, const std::string& order,
                                      const char* where) {
  auto s = read_sight(parse(answer.body));
  if (!s || (!order.empty() && s->id != order)) {
    scene_.book.unreadable(user_, order, where);
    return std::nullopt;
  }
  return s;
}

task<> shop::list_products() {
  auto r = request("GET", "/products?limit=20");
  (void)co_await ask(call::list_products, std::move(r));
}

task<> shop::look_at_product(const std::string& id) {
  auto r = request("GET", "/products/" + id);
  (void)co_await ask(call::get_product, std::move(r));
}

task<shop::placed> shop::place(order_wish what, milliseconds limit) {
  auto items = json::array();
  for (const auto& line : what.lines)
    items.push_back({{"productId", line.product}, {"quantity", line.quantity}});
  const json body{{"items", std::move(items)},
                  {"shippingAddress", {{"name", user_}, {"reference", what.reference}}}};
  auto r = request("POST", "/orders");
  r.body = body.dump();
  r.limit = limit;
  if (what.keyed)
    r.headers.push_back("Idempotency-Key: " + user_ + "-" + what.reference);
  auto& w = scene_.book.sending(user_, what.reference, std::move(what.lines), what.keyed);
  const auto answer = co_await ask(call::create_order, std::move(r));
  placed result;
  if (answer.status == 201) {
    if (const auto s = read(answer, "", "POST /orders")) {
      const auto before = status_of(s->id);
      scene_.book.created(user_, what.reference, *s, answer.etag, answer.replayed);
      note_move(s->id, before);
      result.how = told::done;
      result.order = s->id;
    }
  } else {
    result.how = refusal_of(answer);
    w.unknown += result.how == told::unknown ? 1 : 0;
  }
  co_return result;
}

task<shop::paid> shop::pay(payment what, milliseconds limit) {
  auto r = request("POST", "/orders/" + what.order + "/process-payment");
  r.body = json{{"cardNumber", what.card}}.dump();
  r.limit = limit;
  if (!what.key.empty())
    r.headers.push_back("Idempotency-Key: " + std::move(what.key));
  scene_.book.paying(what.order, what.chargeable);
  const auto answer = co_await ask(call::pay, std::move(r));
  paid result;
  if (answer.status == 404)
    scene_.book.missing(what.order, "POST /orders/:id/process-payment");
  if (answer.status != 200) {
    result.how = answer.status == 202 ? told::unknown : refusal_of(answer);
    co_return result;
  }
  const auto body = parse(answer.body);
  if (!body.is_object() || body.value("orderId", "") != what.order || !body.contains("success")) {
    scene_.book.unreadable(user_, what.order, "POST /orders/:id/process-payment");
    co_return result;
  }
  result.how = told::done;
  result.success = body.value("success", false);
  scene_.book.paid(what.order, result.success, body.value("transactionId", ""));
  co_return result;
}

/// A command that answers with the order.
task<told> shop::command(call what, web_request r, const std::string& order) {
  const auto known = scene_.book.version_of(order);
  const auto answer = co_await ask(what, std::move(r));
  if (answer.status == 404)
    scene_.book.missing(order, "a command");
  if (answer.status != 200)
    co_return refusal_of(answer);
  const auto s = read(answer, order, "a command");
  if (!s)
    co_return told::unknown;
  // A stored answer is as old as its key.
  saw(*s, answer.replayed ? 0 : known, answer.etag, "a command");
  if (what == call::cancel_order)
    scene_.book.cancelled(*s);
  co_return told::done;
}

task<told> shop::cancel(const std::string& order, std::string key, milliseconds limit) {
  auto r = request("POST", "/orders/" + order + "/cancel");
  r.limit = limit;
  if (!key.empty())
    r.headers.push_back("Idempotency-Key: " + std::move(key));
  co_return co_await command(call::cancel_order, std::move(r), order);
}

bool shop::followed::ended() const {
  return status == order_status::completed
         || (status == order_status::cancelled && payment != payment_status::refund_pending);
}

task<bool> shop::look(followed& order, std::chrono::seconds wait) {
  auto r = request("GET", "/orders/" + order.id);
  const int asked = order.version;
  if (asked > 0)
    r.headers.push_back("If-None-Match: \"" + std::to_string(asked) + "\"");
  const bool waits = asked > 0 && wait.count() > 0;
  if (waits) {
    r.headers.push_back("Prefer: wait=" + std::to_string(wait.count()));
    r.limit += wait;
  }
  const auto known = scene_.book.version_of(order.id);
  const auto answer = co_await ask(waits ? call::wait_order : call::get_order, std::move(r));
  if (answer.status == 304)
    scene_.book.not_modified(order.id, asked, known, answer.etag);
  if (answer.status == 404)
    scene_.book.missing(order.id, "GET /orders/:id");
  if (answer.status != 200)
    co_return answer.status == 304;
  const auto s = read(answer, order.id, "GET /orders/:id");
  if (!s)
    co_return false;
  saw(*s, known, answer.etag, "GET /orders/:id");
  if (s->version == asked)
    scene_.book.saw_again(order.id, asked);
  order.version = s->version;
  order.status = s->status;
  order.payment = s->payment;
  co_return true;
}

task<web_stream> shop::open(call what, web_request r) {
  const auto started = clock::now();
  const auto intended = std::min(std::exchange(due_, std::nullopt).value_or(started), started);
  auto* record = scene_.seen;
  record->begin(what);
  auto stream = session_.follow(std::move(r));
  auto head = stream.head(started + look_limit);
  (void)co_await head;
  if (stream.status() == 0 && !stream.ended() && scene_.loop.awake())
    record->abandon(what);
  else
    record->end(what, outcome_of(stream), intended, clock::now());
  co_return stream;
}

task<web_stream> shop::follow(const followed& order) {
  auto r = request("GET", "/orders/" + order.id + "/stream");
  if (order.version > 0)
    r.headers.push_back("Last-Event-ID: " + std::to_string(order.version));
  co_return co_await open(call::stream_order, std::move(r));
}

void shop::take(followed& order, const stream_event& event, int known) {
  const auto s = read_sight(parse(event.data));
  if (event.name != "order" || !s || s->id != order.id)
    return scene_.book.unreadable(user_, order.id, "GET /orders/:id/stream");
  const auto before = status_of(s->id);
  scene_.book.streamed(*s, event.id.value_or(0), order.version, known);
  note_move(s->id, before);
  order.version = s->version;
  order.status = s->status;
  order.payment = s->payment;
}

task<> shop::list_notifications(int limit) {
  auto r = request("GET", "/notifications?limit=" + std::to_string(limit));
  const auto answer = co_await ask(call::list_notifications, std::move(r));
  if (answer.status != 200)
    co_return;
  const auto list = parse(answer.body);
  if (!list.is_array())
    scene_.book.unreadable(user_, "", "GET /notifications");
  else
    for (const auto& n : list)
      scene_.book.notified(user_, n);
}

task<web_stream> shop::follow_notifications(std::optional<int64_t> after) {
  auto r = request("GET", "/notifications/stream");
  if (after)
    r.headers.push_back("Last-Event-ID: " + std::to_string(*after));
  co_return co_await open(call::stream_notifications, std::move(r));
}

int64_t shop::take_notification(const stream_event& event, int64_t before) {
  const auto place = event.id.value_or(0);
  if (event.name != "notification")
    scene_.book.unreadable(user_, "", "GET /notifications/stream");
  else
    scene_.book.notified_by_stream(user_, parse(event.data), place, before);
  return place;
}

task<std::vector<order_sight>> shop::list_orders(order_status status, int limit) {
  auto r = request("GET", "/orders?scope=all&status=" + std::string(to_string(status))
                              + "&limit=" + std::to_string(limit));
  r.headers.push_back("Authorization: Bearer " + scene_.admin_token);
  std::vector<order_sight> orders;
  const auto answer = co_await ask(call::list_orders, std::move(r));
  if (answer.status != 200)
    co_return orders;
  const auto list = parse(answer.body);
  for (const auto& item : list.is_array() ? list : json::array())
    if (auto s = read_sight(item); s && scene_.is_ours(s->essence.user)) {
      saw(*s, 0, "", "GET /orders"); // a page is as old as its query
      orders.push_back(std::move(*s));
    }
  co_return orders;
}

task<told> shop::dispatch(const std::string& order) {
  auto r = request("PATCH", "/orders/" + order + "/dispatch");
  r.headers.push_back("Authorization: Bearer " + scene_.admin_token);
  r.headers.push_back("Idempotency-Key: dispatch-" + order);
  r.body = json{{"courier", "DHL"}, {"trackingNumber", order.substr(0, 12)}}.dump();
  co_return co_await command(call::dispatch_order, std::move(r), order);
}

task<told> shop::deliver(const std::string& order) {
  auto r = request("PATCH", "/orders/" + order + "/deliver");
  r.headers.push_back("Authorization: Bearer " + scene_.admin_token);
  r.headers.push_back("Idempotency-Key: deliver-" + order);
  co_return co_await command(call::deliver_order, std::move(r), order);
}

} // namespace troupe::sim
