// Dead letters and parked events for the admin, on faked actors.

#include "shop.hpp"

#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

letter sample_letter(int64_t number, service of = service::inventory) {
  letter l;
  l.id = {of, letter_state::dead, number};
  l.consumer = "troupe-inventory";
  l.what.topic = "order-created";
  l.what.partition = 2;
  l.what.offset = 70;
  l.what.key = "c1";
  l.what.value = R"({"orderId":)";
  l.order_id = "c1";
  l.error = "no JSON";
  l.created_at = timestamp{1s};
  return l;
}

} // namespace

TEST_CASE_FIXTURE(shop, "a letter is shown with its place, its bytes and its error") {
  std::vector<letter> rows = {sample_letter(9)};
  answers.letters = [&](const letter_filter&) -> caf::result<letter_page> {
    return letter_page{rows, false};
  };
  auto a = get("/dead-letters");
  CHECK(a.status == 200);
  CHECK(a.header("Link").empty());
  CHECK(json_of(a)[0]
        == nlohmann::json({{"id", "inventory-dead-9"},
                           {"service", "inventory"},
                           {"consumer", "troupe-inventory"},
                           {"topic", "order-created"},
                           {"partition", 2},
                           {"offset", 70},
                           {"key", "c1"},
                           {"value", "{\"orderId\":"},
                           {"error", "no JSON"},
                           {"orderId", "c1"},
                           {"createdAt", "1970-01-01T00:00:01.000Z"}}));
  rows[0].what.value = "\xff";
  rows[0].what.key = "\xfe";
  rows[0].order_id.clear();
  auto other = json_of(get("/dead-letters"))[0];
  CHECK(other["value"] == "/w==");
  CHECK(other["encoding"] == "base64");
  CHECK(other["key"] == "/g==");
  CHECK(other["keyEncoding"] == "base64");
  CHECK_FALSE(other.contains("orderId"));
  rows[0].what.value.clear();
  rows[0].what.tombstone = true;
  CHECK(json_of(get("/dead-letters"))[0]["value"].is_null());
}

TEST_CASE_FIXTURE(shop, "letters are asked for by state, service and place") {
  letter_filter asked;
  answers.letters = [&](const letter_filter& by) -> caf::result<letter_page> {
    asked = by;
    return letter_page{{sample_letter(9), sample_letter(8, service::payment)}, true};
  };
  auto a = get("/dead-letters?limit=2");
  CHECK(asked.state == letter_state::dead);
  CHECK_FALSE(asked.of.has_value());
  CHECK(asked.limit == 2);
  CHECK_FALSE(asked.after.has_value());
  const auto link = a.header("Link");
  const auto next = link.substr(1, link.find('>') - 1);
  CHECK(get(next).status == 200);
  REQUIRE(asked.after.has_value());
  CHECK(asked.after->created_at == timestamp{1s});
  CHECK(asked.after->id == letter_id{service::payment, letter_state::dead, 8});
  check_problem(get(next + "&state=parked"), 400, "invalid_request");
  CHECK(get("/dead-letters?state=parked&service=emailing").status == 200);
  CHECK(asked.state == letter_state::parked);
  CHECK(asked.of == service::emailing);
  for (const auto* bad :
       {"state=gone", "state=", "service=orders", "service=", "limit=0", "limit=1001", "cursor=x"})
    check_problem(get(std::string("/dead-letters?") + bad), 400, "invalid_request");
}

TEST_CASE("a service's port has its own letters only") {
  fake_shop shop({}, {}, service::payment);
  letter_filter asked;
  shop.answers.letters = [&](const letter_filter& by) -> caf::result<letter_page> {
    asked = by;
    return letter_page{};
  };
  shop.answers.replay = [](const replay_request&) -> caf::result<replay_answer> {
    return replay_answer{{true, {}}};
  };
  shop.answers.discard
      = [](const letter_id&, const std::string&) -> caf::result<bool> { return true; };
  CHECK(shop.get("/dead-letters").status == 200);
  CHECK(asked.of == service::payment);
  CHECK(shop.get("/dead-letters?service=payment").status == 200);
  check_problem(shop.get("/dead-letters?service=order"), 400, "invalid_request");
  CHECK(shop.send("POST", "/dead-letters/payment-dead-1/replay").status == 200);
  check_problem(shop.send("POST", "/dead-letters/order-dead-1/replay"), 404, "not_found");
  CHECK(shop.send("DELETE", "/dead-letters/payment-parked-1").status == 204);
  check_problem(shop.send("DELETE", "/dead-letters/order-dead-1"), 404, "not_found");
}

TEST_CASE_FIXTURE(shop, "a replay says what came of it") {
  std::vector<std::string> asked;
  replay_outcome outcome{true, {}};
  answers.replay = [&](const replay_request& r) -> caf::result<replay_answer> {
    asked.push_back(to_string(r.id) + " by " + r.by);
    CHECK_FALSE(r.key);
    return replay_answer{outcome};
  };
  auto a = send("POST", "/dead-letters/order-dead-3/replay", {}, {{"X-User-Id", "ann"}});
  CHECK(a.status == 200);
  CHECK(json_of(a) == nlohmann::json({{"id", "order-dead-3"}, {"outcome", "applied"}}));
  outcome = {false, "an unknown order"};
  a = send("POST", "/dead-letters/order-parked-3/replay");
  CHECK(json_of(a)
        == nlohmann::json(
            {{"id", "order-parked-3"}, {"outcome", "failed"}, {"error", "an unknown order"}}));
  CHECK(asked == std::vector<std::string>{"order-dead-3 by ann", "order-parked-3 by user-1"});
  for (const auto* none : {"x", "order-dead-0", "order-dead-1x", "orders-dead-1"})
    check_problem(send("POST", std::string("/dead-letters/") + none + "/replay"), 404, "not_found");
  check_problem(send("POST", "/dead-letters/order-dead-1/replay", "x", {{"Content-Type", "a/b"}}),
                415, "unsupported_media_type");
  check_problem(send("POST", "/dead-letters/order-dead-1/replay", {}, {{"Idempotency-Key", ""}}),
                400, "invalid_idempotency_key");
  CHECK(asked.size() == 2);
}

TEST_CASE_FIXTURE(shop, "a replay's key goes along, in the scope of its letter") {
  std::vector<idempotency> keys;
  answers.replay = [&](const replay_request& r) -> caf::result<replay_answer> {
    REQUIRE(r.key);
    keys.push_back(*r.key);
    return replay_answer{{false, "no"}, keys.size() > 1};
  };
  const http::header_list key = {{"Idempotency-Key", "k"}};
  auto a = send("POST", "/dead-letters/order-dead-1/replay", {}, key);
  CHECK(a.header("Idempotent-Replayed").empty());
  a = send("POST", "/dead-letters/order-dead-1/replay", {}, key);
  CHECK(a.header("Idempotent-Replayed") == "true");
  CHECK(json_of(a)["outcome"] == "failed");
  CHECK(keys[1] == keys[0]);
  send("POST", "/dead-letters/order-dead-2/replay", {}, key);
  send("POST", "/dead-letters/order-dead-1/replay", {}, {key[0], {"X-User-Id", "ann"}});
  send("POST", "/dead-letters/order-dead-1/replay", "{}",
       {key[0], {"Content-Type", "application/json"}});
  REQUIRE(keys.size() == 5);
  CHECK(keys[2].scope != keys[0].scope);
  CHECK(keys[3].scope != keys[0].scope);
  CHECK(keys[4].scope == keys[0].scope);
  CHECK(keys[4].body_hash != keys[0].body_hash);
  for (const auto why : {fault::key_in_progress, fault::key_reused}) {
    answers.replay
        = [=](const replay_request&) -> caf::result<replay_answer> { return make_fault(why); };
    const bool passes = why == fault::key_in_progress;
    check_problem(send("POST", "/dead-letters/order-dead-1/replay", {}, key), passes ? 409 : 422,
                  passes ? "key_in_progress" : "idempotency_key_reused");
  }
}

TEST_CASE_FIXTURE(shop, "discarding answers without a body") {
  std::string asked;
  answers.discard = [&](const letter_id& id, const std::string& by) -> caf::result<bool> {
    asked = to_string(id) + " by " + by;
    return true;
  };
  auto a = send("DELETE", "/dead-letters/order-dead-3", {}, {{"X-User-Id", "bob"}});
  CHECK(a.status == 204);
  CHECK(a.body.empty());
  CHECK(asked == "order-dead-3 by bob");
  answers.discard = [](const letter_id&, const std::string&) -> caf::result<bool> {
    return make_fault(fault::not_found);
  };
  check_problem(send("DELETE", "/dead-letters/order-dead-4"), 404, "not_found");
}

TEST_CASE_FIXTURE(guarded_shop, "letters are the admin's") {
  for (const auto& [method, path] : {std::pair("GET", "/dead-letters"),
                                     {"POST", "/dead-letters/order-dead-1/replay"},
                                     {"DELETE", "/dead-letters/order-dead-1"}}) {
    check_problem(send(method, path), 401, "unauthorized");
    CHECK(send(method, path, {}, {{"Authorization", "Bearer secret"}}).status != 401);
  }
}
