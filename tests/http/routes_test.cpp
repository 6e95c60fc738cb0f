#include "http/who.hpp"
#include "shop.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe;
using namespace troupe::test;

TEST_CASE_FIXTURE(shop, "products: a page with its total") {
  product_filter asked;
  answers.products = [&](const product_filter& by) -> caf::result<product_page> {
    asked = by;
    return product_page{{sample_product("p1"), sample_product("p2")}, 9};
  };
  auto a
      = get("/products?category=home%20%26%20co&search=50%25&minPrice=1.5&maxPrice=20&limit=2&x=y");
  CHECK(a.status == 200);
  CHECK(a.header("X-Total-Count") == "9");
  CHECK(json_of(a).size() == 2);
  CHECK(json_of(a)[0]["price"] == 10);
  CHECK(asked.category == "home & co");
  CHECK(asked.search == "50%");
  CHECK(asked.min_price == 150);
  CHECK(asked.max_price == 2000);
  CHECK(asked.limit == 3); // one more tells whether there is a next page
  CHECK(asked.only_active);
  for (auto bad : {"limit=0", "limit=1001", "minPrice=x", "maxPrice=1.234"})
    check_problem(get(std::string("/products?") + bad), 400, "invalid_request");
}

TEST_CASE_FIXTURE(shop, "a product; an inactive one is not in the catalogue") {
  CHECK(json_of(get("/products/p1"))["id"] == "p1");
  answers.find_product = [](const std::string& id) -> caf::result<product> {
    auto p = sample_product(id);
    p.active = false;
    return p;
  };
  check_problem(get("/products/p1"), 404, "not_found");
  answers.find_product
      = [](const std::string&) -> caf::result<product> { return make_fault(fault::not_found); };
  check_problem(get("/products/p1"), 404, "not_found");
  check_problem(get("/products/a%20b"), 404, "not_found");
}

TEST_CASE_FIXTURE(shop, "an order is priced, numbered and made; 201 says where it is") {
  create_request seen;
  auto make = answers.create;
  answers.create = [&](const create_request& r) {
    seen = r;
    return make(r);
  };
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  auto a = send("POST", "/orders", good_order,
                {{"X-User-Id", "ann"}, {"traceparent", trace}, {"Idempotency-Key", "k1"}});
  REQUIRE(a.status == 201);
  auto body = json_of(a);
  CHECK(a.header("Location") == "/orders/" + body["id"].get<std::string>());
  CHECK(a.header("ETag") == "\"1\"");
  CHECK(a.header("Idempotent-Replayed").empty());
  CHECK(body["userId"] == "ann");
  CHECK(body["totalAmount"] == 20);
  CHECK(body["shippingAddress"]["city"] == "Berlin");
  REQUIRE(seen.draft.lines.size() == 1);
  CHECK(seen.draft.id.size() == 25);
  CHECK(seen.draft.lines[0].id.size() == 25);
  CHECK(seen.draft.version == 0);
  CHECK(seen.traceparent == trace);
  REQUIRE(seen.key);
  CHECK(seen.key->scope == http::idempotency_scope("ann", "POST", "/orders", "k1"));
  CHECK(seen.key->body_hash == http::idempotency_digest("k1", good_order));
}

TEST_CASE_FIXTURE(shop, "the user of an order: header, body, query, default") {
  const std::string with_user
      = R"({"userId":"bob","items":[{"productId":"p1","quantity":1}],"shippingAddress":{"a":1}})";
  CHECK(json_of(send("POST", "/orders?userId=q", with_user, {{"X-User-Id", "ann"}}))["userId"]
        == "ann");
  CHECK(json_of(send("POST", "/orders?userId=q", with_user))["userId"] == "bob");
  CHECK(json_of(send("POST", "/orders?userId=q", good_order))["userId"] == "q");
  CHECK(json_of(send("POST", "/orders", good_order))["userId"] == "user-1");
  check_problem(send("POST", "/orders", good_order, {{"X-User-Id", "a b"}}), 400, "invalid_user");
  check_problem(
      send("POST", "/orders",
           R"({"userId":7,"items":[{"productId":"p1","quantity":1}],"shippingAddress":{"a":1}})"),
      400, "invalid_user");
}

TEST_CASE_FIXTURE(shop, "orders that the catalogue refuses") {
  bool created = false;
  answers.create = [&](const create_request&) -> caf::result<create_answer> {
    created = true;
    return create_answer{};
  };
  quote q;
  answers.price = [&](const std::vector<wanted_line>&) -> caf::result<quote> { return q; };

  q.unknown = {"p9"};
  check_problem(send("POST", "/orders", good_order), 404, "unknown_product");
  q = {};
  q.changed = {{"p1", 1250}};
  auto changed = send("POST", "/orders", good_order);
  check_problem(changed, 409, "price_changed");
  CHECK(json_of(changed)["prices"]
        == nlohmann::json::parse(R"([{"productId":"p1","price":12.5}])"));
  q = {};
  q.short_of = {{"p1", 1}};
  auto shortage = send("POST", "/orders", good_order);
  check_problem(shortage, 409, "out_of_stock");
  CHECK(json_of(shortage)["stock"]
        == nlohmann::json::parse(R"([{"productId":"p1","available":1}])"));
  q = {};
  q.too_large = true;
  check_problem(send("POST", "/orders", good_order), 400, "amount_too_large");
  CHECK_FALSE(created);
}

TEST_CASE_FIXTURE(shop, "malformed orders never reach an actor") {
  answers.price = [](const std::vector<wanted_line>&) -> caf::result<quote> {
    FAIL_CHECK("asked for a quote");
    return quote{};
  };
  auto bad = send("POST", "/orders", R"({"items":[{"productId":"p1","quantity":0}]})");
  check_problem(bad, 400, "invalid_request");
  auto errors = json_of(bad)["errors"];
  REQUIRE(errors.size() == 2);
  CHECK(errors[0]["pointer"] == "#/items/0/quantity");
  CHECK(errors[1]["pointer"] == "#/shippingAddress");
  check_problem(send("POST", "/orders"), 400, "invalid_request");
  check_problem(send("POST", "/orders", "{"), 400, "invalid_request");
  for (auto type : {"text/plain", "", "application/x-www-form-urlencoded", "application/jsonp"})
    check_problem(send("POST", "/orders", good_order, {{"Content-Type", type}}), 415,
                  "unsupported_media_type");
  check_problem(send("POST", "/orders", good_order, {{"Idempotency-Key", "a b"}}), 400,
                "invalid_idempotency_key");
  check_problem(
      send("POST", "/orders", good_order, {{"Idempotency-Key", "a"}, {"Idempotency-Key", "b"}}),
      400, "invalid_idempotency_key");
}

TEST_CASE_FIXTURE(shop, "a payment: paid, declined, unknown") {
  order_request seen;
  order_answer now{sample_order(), false};
  answers.command = [&](const order_request& r) -> caf::result<order_answer> {
    seen = r;
    return now;
  };
  auto paid
      = send("POST", "/orders/c1/process-payment",
             R"({"paymentMethod":"CARD","cardNumber":"4242424242424242"})", {{"X-User-Id", "ann"}});
  CHECK(paid.status == 200);
  CHECK(json_of(paid) == nlohmann::json::parse(R"({"success":true,"message":"Paid","orderId":"c1",
            "status":"PAYMENT_SUCCESS","paymentStatus":"SUCCESS","transactionId":"tx-1"})"));
  CHECK(seen.order_id == "c1");
  CHECK(seen.user_id == "ann");
  CHECK(seen.command.verb == order_verb::pay);
  CHECK(http::valid_traceparent(seen.command.traceparent));
  CHECK(seen.payment_method == "CARD");
  CHECK(seen.card_number == "4242424242424242");

  now.now.status = order_status::payment_failed;
  now.now.payment = payment_status::failed;
  now.now.transaction_id.clear();
  auto declined = send("POST", "/orders/c1/process-payment");
  CHECK(declined.status == 200);
  CHECK(json_of(declined)["success"] == false);
  CHECK(seen.card_number.empty());

  now.pending = true;
  now.now.status = order_status::payment_pending;
  now.now.payment = payment_status::pending;
  auto unknown = send("POST", "/orders/c1/process-payment");
  CHECK(unknown.status == 202);
  CHECK_FALSE(unknown.header("Retry-After").empty());
  CHECK(json_of(unknown)["success"] == false);
  CHECK(json_of(unknown)["status"] == "PAYMENT_PENDING");
}

TEST_CASE_FIXTURE(shop, "payments that are refused") {
  auto bad = send("POST", "/orders/c1/process-payment", R"({"cardNumber":"4242"})");
  check_problem(bad, 400, "invalid_request");
  CHECK(bad.body.find("4242") == std::string::npos);
  check_problem(send("POST", "/orders/c1/process-payment", "[]"), 400, "invalid_request");
  check_problem(send("POST", "/orders/c1/process-payment", "{}", {{"Content-Type", "text/plain"}}),
                415, "unsupported_media_type");
  check_problem(send("POST", "/orders/a%20b/process-payment"), 404, "not_found");
  for (auto [f, status] :
       {std::pair(fault::order_cancelled, 409), std::pair(fault::not_found, 404)}) {
    answers.command = [f = f](const order_request&) -> caf::result<order_answer> {
      return make_fault(f, "in words");
    };
    auto a = send("POST", "/orders/c1/process-payment");
    check_problem(a, status, std::string(to_string(f)));
    CHECK(json_of(a)["detail"] == "in words");
  }
}

TEST_CASE_FIXTURE(shop, "an order with its entity tag") {
  auto a = get("/orders/c1", {{"X-User-Id", "ann"}});
  CHECK(a.status == 200);
  CHECK(a.header("ETag") == "\"3\"");
  CHECK(json_of(a)["userId"] == "ann");
  for (auto tag : {"\"3\"", "W/\"3\"", "*", "\"1\", \"3\""}) {
    auto same = get("/orders/c1", {{"If-None-Match", tag}});
    CHECK(same.status == 304);
    CHECK(same.header("ETag") == "\"3\"");
    CHECK(same.body.empty());
  }
  CHECK(get("/orders/c1", {{"If-None-Match", "\"2\""}}).status == 200);
  answers.view = [](const std::string&, const std::string&) -> caf::result<order> {
    return make_fault(fault::not_found);
  };
  check_problem(get("/orders/c1"), 404, "not_found");
  check_problem(get("/orders/" + std::string(65, 'x')), 404, "not_found");
}

TEST_CASE_FIXTURE(guarded_shop, "scope=all lifts the owner check, for the admin") {
  std::string owner = "unset";
  answers.view = [&](const std::string& id, const std::string& user) -> caf::result<order> {
    owner = user;
    return sample_order(id);
  };
  check_problem(get("/orders/c1?scope=all"), 401, "unauthorized");
  CHECK(owner == "unset");
  CHECK(get("/orders/c1?scope=all", {{"Authorization", "Bearer secret"}}).status == 200);
  CHECK(owner.empty());
  check_problem(get("/orders/c1?scope=mine", {{"Authorization", "Bearer secret"}}), 400,
                "invalid_request");
  check_problem(
      get("/orders/c1?scope=all", {{"Authorization", "Bearer secret"}, {"X-User-Id", "a b"}}), 400,
      "invalid_user");
  CHECK(get("/orders/c1", {{"Authorization", "Bearer secret"}}).status == 200);
  CHECK(owner == "user-1");
}

TEST_CASE_FIXTURE(shop, "cancel") {
  order_request seen;
  answers.command = [&](const order_request& r) -> caf::result<order_answer> {
    seen = r;
    return order_answer{sample_order(), false};
  };
  auto a = send("POST", "/orders/c1/cancel", R"({"userId":"bob"})");
  CHECK(a.status == 200);
  CHECK(json_of(a)["id"] == "c1");
  CHECK(a.header("ETag") == "\"3\"");
  CHECK(seen.user_id == "bob");
  CHECK(seen.command.verb == order_verb::cancel);
  for (auto f : {fault::payment_in_progress, fault::wrong_state}) {
    answers.command
        = [f](const order_request&) -> caf::result<order_answer> { return make_fault(f); };
    check_problem(send("POST", "/orders/c1/cancel"), 409, std::string(to_string(f)));
  }
}

TEST_CASE_FIXTURE(guarded_shop, "the admin's routes") {
  order_request seen;
  answers.command = [&](const order_request& r) -> caf::result<order_answer> {
    seen = r;
    return order_answer{sample_order(), false};
  };
  const header_lines admin = {{"Authorization", "Bearer secret"}};
  for (auto [method, path] :
       {std::pair("PATCH", "/orders/c1/dispatch"), std::pair("PATCH", "/orders/c1/deliver"),
        std::pair("GET", "/inventory"), std::pair("GET", "/analytics/orders")}) {
    CAPTURE(path);
    auto refused = send(method, path);
    check_problem(refused, 401, "unauthorized");
    CHECK(refused.header("WWW-Authenticate").starts_with("Bearer"));
    check_problem(send(method, path, {}, {{"Authorization", "Bearer wrong"}}), 401, "unauthorized");
    CHECK(send(method, path, {}, admin).status == 200);
  }
  CHECK(seen.command.verb == order_verb::deliver);
  CHECK(seen.user_id.empty());

  CHECK(send("PATCH", "/orders/c1/dispatch", R"({"trackingNumber":"T1","courier":"DHL"})", admin)
            .status
        == 200);
  CHECK(seen.command.verb == order_verb::dispatch);
  CHECK(seen.command.tracking_number == "T1");
  CHECK(seen.command.courier == "DHL");
  check_problem(send("PATCH", "/orders/c1/dispatch", R"({"courier":7})", admin), 400,
                "invalid_request");
  answers.command = [](const order_request&) -> caf::result<order_answer> {
    return make_fault(fault::wrong_state);
  };
  check_problem(send("PATCH", "/orders/c1/deliver", {}, admin), 409, "wrong_state");
}

TEST_CASE_FIXTURE(shop, "inventory rows and figures") {
  product_filter asked;
  answers.products = [&](const product_filter& by) -> caf::result<product_page> {
    asked = by;
    return product_page{{sample_product()}, 1};
  };
  auto rows = get("/inventory");
  CHECK(rows.header("X-Total-Count") == "1");
  CHECK(json_of(rows)[0]["lowStock"] == true);
  CHECK_FALSE(asked.only_active);
  answers.figures = []() -> caf::result<order_figures> {
    order_figures f;
    f.by_status = {{"COMPLETED", 2}};
    f.total_revenue = 500;
    return f;
  };
  auto figures = json_of(get("/analytics/orders"));
  CHECK(figures["totalProducts"] == 42);
  CHECK(figures["successfulOrders"] == 2);
  CHECK(figures["averageOrderValue"] == 2.5);
}

TEST_CASE_FIXTURE(shop, "notifications") {
  notification_filter asked;
  answers.notices = [&](const notification_filter& by) -> caf::result<std::vector<notification>> {
    asked = by;
    return std::vector<notification>{{"n1", by.user_id, "ORDER", "T", "M", "c1", false, {}}};
  };
  auto a = get("/notifications?unread=true&limit=5", {{"X-User-Id", "ann"}});
  CHECK(json_of(a)[0]["id"] == "n1");
  CHECK(asked.user_id == "ann");
  CHECK(asked.only_unread);
  CHECK(asked.limit == 6);
  get("/notifications");
  CHECK(asked.limit == 51);
  CHECK_FALSE(asked.only_unread);
  check_problem(get("/notifications?limit=0"), 400, "invalid_request");

  answers.read = [](const std::string& user, const std::string& id) -> caf::result<notification> {
    return notification{id, user, "ORDER", "T", "M", "c1", true, {}};
  };
  auto read = send("PUT", "/notifications/n1/read", {}, {{"X-User-Id", "ann"}});
  CHECK(json_of(read)["isRead"] == true);
  CHECK(json_of(read)["userId"] == "ann");
  answers.read = [](const std::string&, const std::string&) -> caf::result<notification> {
    return make_fault(fault::not_found);
  };
  check_problem(send("PUT", "/notifications/n1/read"), 404, "not_found");
}
