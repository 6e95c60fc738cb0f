#include "tests/persistence/order_worlds.hpp"

#include <doctest/doctest.h>

namespace troupe::test {

real_world::real_world()
    : proxy_(
        std::make_unique<tcp_proxy>(db.value("select host(inet_server_addr())"),
                                    static_cast<uint16_t>(db.number("select inet_server_port()")))),
      incarnation_(begin_incarnation(db.conninfo(), {"node-1", "here"})) {}

std::unique_ptr<order_store> real_world::store(int64_t incarnation) {
  return make_order_store(db.conninfo() + " host=127.0.0.1 port=" + std::to_string(proxy_->port()),
                          incarnation);
}

void real_world::break_next(break_at where) {
  proxy_->next(where == break_at::before_commit ? tcp_proxy::fault::drop_request
                                                : tcp_proxy::fault::drop_reply);
}

void real_world::age(std::chrono::seconds by) {
  db.session().exec("update orders set deadline_at = deadline_at - $1::int * interval '1 second'",
                    {by.count()});
  db.session().exec("update idempotency_keys set created_at = created_at"
                    " - $1::int * interval '1 second'",
                    {by.count()});
}

order draft(const std::string& name) {
  order o;
  o.id = "order" + name;
  o.user_id = "user-1";
  o.total = 3 * 1999 + 500;
  o.shipping_address = R"({"street": "Brunnengasse 7", "note": "he said \"ring\" \\ 日本"})";
  o.lines = {{"item1" + name, "p1", 3, 1999, "A \"lamp\", {new}", "/img/1.png"},
             {"item2" + name, "p2", 1, 500, "Chair", ""}};
  return o;
}

write_set creation(const order& o, std::optional<idempotency> key) {
  write_set set{o, {}, std::move(key)};
  set.step.message = "Order placed";
  set.step.ttl = std::chrono::seconds(60);
  set.step.events = {{"order-created", o.id, R"({"orderId":")" + o.id + "\"}", "00-trace"}};
  return set;
}

write_set step_of(const order& o, order_status status, payment_status payment,
                  std::optional<std::chrono::seconds> ttl) {
  write_set set{o, {}, std::nullopt};
  set.step.status = status;
  set.step.payment = payment;
  set.step.message = "now " + std::string(to_string(status));
  set.step.events = {{"topic-a", o.id, R"({"a":1})", ""}, {"topic-b", o.id, R"({"b":[2]})", ""}};
  set.step.attempt = o.attempt + 1;
  set.step.transaction_id = "tx-" + o.id;
  set.step.stock_held = status == order_status::cancelled;
  set.step.ttl = ttl;
  return set;
}

write_set touch_of(const order& o, int32_t rounds) {
  write_set set{o, {}, std::nullopt};
  set.step = {.advances = false,
              .status = o.status,
              .payment = o.payment,
              .message = {},
              .events = {},
              .attempt = o.attempt,
              .transaction_id = o.transaction_id,
              .stock_held = o.stock_held,
              .rounds = rounds,
              .ttl = std::chrono::seconds(60)};
  return set;
}

std::vector<commit_outcome> outcomes(const std::vector<commit_result>& results) {
  std::vector<commit_outcome> all;
  all.reserve(results.size());
  for (const auto& each : results)
    all.push_back(each.outcome);
  return all;
}

std::optional<order> loaded(order_queries& from, const std::string& id) {
  auto found = from.load({&id, 1});
  return found.empty() ? std::nullopt : std::optional(found.front());
}

commit_result commit_one(order_store& into, const write_set& set) {
  auto results = into.commit({&set, 1});
  REQUIRE(results.size() == 1);
  return std::move(results.front());
}

order committed(order_store& into, const write_set& set) {
  const auto result = commit_one(into, set);
  REQUIRE(result.outcome == commit_outcome::committed);
  return apply(set.current, set.step, result.time);
}

} // namespace troupe::test
