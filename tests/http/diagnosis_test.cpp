// GET /orders/:id/diagnosis: who may ask, and what each part looks like.

#include "shop.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe;
using namespace troupe::test;

namespace {

using namespace std::chrono_literals;

/// Cancelled after its payment: the refund is tried again and again.
diagnosis sample_diagnosis(const std::string& id) {
  diagnosis d;
  d.order_id = id;
  d.actor = presence::live;
  for (auto& each : d.facts)
    each.emplace();
  auto& orders = *d.facts[0];
  auto& o = orders.order.emplace();
  o.status = order_status::cancelled;
  o.payment = payment_status::refund_pending;
  o.version = 4;
  o.rounds = 2;
  o.deadline = timestamp{90s};
  o.overdue = true;
  o.shard = 7;
  o.node = "node-1";
  o.incarnation = 3;
  o.epoch = 2;
  o.served = true;
  orders.events = {{"order-cancelled", "order-5.0", 5, 4, timestamp{60s}, true}};
  auto& p = d.facts[1]->payment.emplace();
  p.id = "pay1";
  p.status = "REFUND_PENDING";
  p.transaction_id = "tx-1";
  p.amount = 1999;
  attempt_facts a;
  a.what = {id, 1, 1999, attempt_status::captured, refund_status::pending, "tx-1", "", 3};
  a.incarnation = 3;
  a.tries = 4;
  a.next_try = timestamp{120s};
  p.attempts = {a};
  auto& s = d.facts[2]->stock.emplace();
  s.record = {id, stock_state::released, {{"p1", 2}}, 3};
  s.available = {17};
  d.facts[3]->parked = {{8, "order-cancelled", 2, 30, "order-5.0", "", timestamp{70s}}};
  d.facts[1]->dead_letters = {{9, "order-cancelled", 1, 31, "x", "not JSON", timestamp{80s}}};
  return d;
}

} // namespace

TEST_CASE_FIXTURE(shop, "diagnosis: every part of an order") {
  answers.diagnose
      = [](const std::string& id) -> caf::result<diagnosis> { return sample_diagnosis(id); };
  const auto a = get("/orders/c1/diagnosis");
  REQUIRE(a.status == 200);
  const auto body = json_of(a);
  CHECK(body["orderId"] == "c1");
  CHECK(body["status"] == "CANCELLED");
  CHECK(body["paymentStatus"] == "REFUND_PENDING");
  CHECK(body["version"] == 4);
  CHECK(body["deadlineAt"] == "1970-01-01T00:01:30.000Z");
  CHECK(body["overdue"] == true);
  CHECK(body["waitingFor"]["code"] == "refund");
  CHECK(body["waitingFor"]["text"].get<std::string>().find("tried 4 times") != std::string::npos);
  CHECK(body["owner"]
        == nlohmann::json{{"shard", 7},
                          {"node", "node-1"},
                          {"incarnation", 3},
                          {"epoch", 2},
                          {"serves", true},
                          {"actor", "live"}});
  CHECK(body["payment"]["status"] == "REFUND_PENDING");
  CHECK(body["payment"]["amount"] == 19.99);
  const auto& attempt = body["payment"]["attempts"].at(0);
  CHECK(attempt["attempt"] == 1);
  CHECK(attempt["status"] == "CAPTURED");
  CHECK(attempt["reason"].is_null());
  CHECK(attempt["refund"]
        == nlohmann::json{
            {"status", "PENDING"}, {"tries", 4}, {"nextTryAt", "1970-01-01T00:02:00.000Z"}});
  CHECK(body["stock"]["state"] == "released");
  CHECK(body["stock"]["lines"]
        == nlohmann::json::array({{{"productId", "p1"}, {"quantity", 2}, {"available", 17}}}));
  CHECK(body["events"]["order"].at(0)["topic"] == "order-cancelled");
  CHECK(body["events"]["order"].at(0)["published"] == true);
  CHECK(body["events"]["inventory"].empty());
  CHECK(body["parked"]["emailing"].at(0)["offset"] == 30);
  CHECK(body["deadLetters"]["payment"].at(0)["error"] == "not JSON");
  CHECK(body["deadLetters"]["order"].empty());
}

TEST_CASE_FIXTURE(shop, "diagnosis: a part that did not answer says so, the others are there") {
  const nlohmann::json gone{{"unavailable", true}};
  answers.diagnose = [](const std::string& id) -> caf::result<diagnosis> {
    auto d = sample_diagnosis(id);
    d.facts[1].reset();
    return d;
  };
  auto body = json_of(get("/orders/c1/diagnosis"));
  CHECK(body["payment"] == gone);
  CHECK(body["events"]["payment"] == gone);
  CHECK(body["parked"]["payment"] == gone);
  CHECK(body["deadLetters"]["payment"] == gone);
  CHECK(body["stock"]["state"] == "released");
  CHECK(body["events"]["order"].size() == 1);

  answers.diagnose = [](const std::string& id) -> caf::result<diagnosis> {
    diagnosis d;
    d.order_id = id;
    return d;
  };
  const auto nothing = get("/orders/c1/diagnosis");
  CHECK(nothing.status == 200);
  body = json_of(nothing);
  CHECK(body["orderId"] == "c1");
  for (const auto* unknown : {"status", "paymentStatus", "version", "deadlineAt", "overdue"})
    CHECK(body[unknown].is_null());
  CHECK(body["waitingFor"]["code"] == "unknown");
  CHECK(body["owner"] == nlohmann::json{{"unavailable", true}, {"actor", nullptr}});
  CHECK(body["stock"] == gone);
  for (const auto* part : {"parked", "deadLetters"})
    for (const auto* of : {"order", "payment", "inventory", "emailing"})
      CHECK(body[part][of] == gone);
}

TEST_CASE_FIXTURE(shop, "diagnosis: an order that a service does not know yet") {
  answers.diagnose = [](const std::string& id) -> caf::result<diagnosis> {
    auto d = sample_diagnosis(id);
    d.facts[1]->payment.reset();
    d.facts[2]->stock.reset();
    d.facts[0]->order->node.clear();
    return d;
  };
  const auto body = json_of(get("/orders/c1/diagnosis"));
  CHECK(body["payment"] == nlohmann::json::parse(R"({"status":null,"attempts":[]})"));
  CHECK(body["stock"] == nlohmann::json::parse(R"({"state":null,"lines":[]})"));
  CHECK(body["owner"]["node"].is_null());
  CHECK(body["owner"]["incarnation"].is_null());
}

TEST_CASE_FIXTURE(guarded_shop, "diagnosis: the admin's, of an order that there is") {
  answers.diagnose
      = [](const std::string&) -> caf::result<diagnosis> { return make_fault(fault::not_found); };
  const header_lines admin{{"Authorization", "Bearer secret"}};
  check_problem(get("/orders/c1/diagnosis"), 401, "unauthorized");
  check_problem(get("/orders/c1/diagnosis", {{"Authorization", "Bearer other"}}), 401,
                "unauthorized");
  check_problem(get("/orders/c1/diagnosis", admin), 404, "not_found");
  check_problem(get("/orders/a%20b/diagnosis", admin), 404, "not_found");
  answers.diagnose
      = [](const std::string&) -> caf::result<diagnosis> { return make_fault(fault::busy); };
  check_problem(get("/orders/c1/diagnosis", admin), 503, "busy");
}
