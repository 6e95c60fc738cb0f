// Cursors and pages: the codec alone, then as the routes use it.

#include "domain/base64.hpp"
#include "http/cursor.hpp"
#include "shop.hpp"

#include <random>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::test;
using http::decode_cursor;
using http::encode_cursor;
using http::list_place;

namespace {

/// The target in `Link: <…>; rel="next"`; empty without one.
std::string next_of(const http_answer& a) {
  const auto link = a.header("Link");
  if (link.empty())
    return {};
  REQUIRE(link.starts_with("<"));
  REQUIRE(link.ends_with(">; rel=\"next\""));
  return std::string(link.substr(1, link.find('>') - 1));
}

std::string cursor_of(const std::string& json) {
  return base64url(json);
}

} // namespace

TEST_CASE("a cursor gives back what it was made of") {
  for (const auto& at : std::vector<list_place>{{"orders", {"1700000000000000", "c1"}},
                                                {"products +0", {"Größe \"L\" \\ 日本", "p-1"}},
                                                {"", {}},
                                                {"x", {"", ""}}}) {
    const auto text = encode_cursor(at);
    CHECK(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
          == std::string::npos);
    CHECK(decode_cursor(text) == at);
  }
}

TEST_CASE("anything else is no cursor") {
  const auto good = encode_cursor({"orders", {"1", "c1"}});
  for (const auto& bad : std::vector<std::string>{
           "", "x", "1", good + "=", good.substr(1), good + "A", cursor_of("[2,\"orders\"]"),
           cursor_of("[1]"), cursor_of("[1,2]"), cursor_of("[1,\"orders\",3]"),
           cursor_of("[1,\"orders\",[\"a\"]]"), cursor_of("[1, \"orders\"]"),
           cursor_of("[1.0,\"orders\"]"), cursor_of("{\"a\":1}"), cursor_of("[1,\"a\\u0000b\"]"),
           cursor_of("[1,\"\xff\"]"), cursor_of(std::string(2000, '[')),
           std::string(http::max_cursor + 4, 'A')}) {
    CAPTURE(bad);
    CHECK_FALSE(decode_cursor(bad).has_value());
  }
}

TEST_CASE("no bytes harm the codec, and what it takes it would have written") {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto good = encode_cursor({"products -1", {"1200", "p-7"}});
  for (int i = 0; i < 20'000; ++i) {
    auto text = good;
    for (auto changes = random() % 4 + 1; changes > 0; --changes)
      text[random() % text.size()] = static_cast<char>(random());
    text.resize(random() % (text.size() + 1));
    if (const auto at = decode_cursor(text))
      CHECK(encode_cursor(*at) == text);
  }
}

TEST_CASE_FIXTURE(shop, "products: the link goes on behind the last row, in the same order") {
  product_filter asked;
  answers.products = [&](const product_filter& by) -> caf::result<product_page> {
    asked = by;
    product_page page{{}, 9};
    for (int i = 0; i < by.limit; ++i)
      page.products.push_back(sample_product("p" + std::to_string(i)));
    return page;
  };
  auto first = get("/products?sort=-price&cursor_x=1&search=%26a%3Cb&limit=2");
  CHECK(first.status == 200);
  CHECK(json_of(first).size() == 2);
  CHECK(asked.limit == 3);
  CHECK(asked.order == product_order::price);
  CHECK(asked.descending);
  CHECK_FALSE(asked.after.has_value());
  const auto next = next_of(first);
  CHECK(next.starts_with("/products?cursor="));
  CHECK(next.ends_with("&sort=-price&cursor_x=1&search=%26a%3Cb&limit=2"));

  auto second = get(next);
  CHECK(second.status == 200);
  REQUIRE(asked.after.has_value());
  CHECK(asked.after->number == 1000);
  CHECK(asked.after->id == "p1");
  CHECK(asked.search == "&a<b");
  // One cursor in the next link too.
  const auto third = next_of(second);
  CHECK(third.find("cursor=", third.find("cursor=") + 1) == std::string::npos);

  // Another order, another list, a cursor of nothing.
  const auto cursor = next.substr(17, next.find('&') - 17);
  for (const auto& target : {"/products?sort=price&cursor=" + cursor, "/products?cursor=" + cursor,
                             "/inventory?sort=-price&cursor=" + cursor, "/orders?cursor=" + cursor,
                             "/notifications?cursor=" + cursor, std::string("/products?cursor="),
                             std::string("/orders?cursor=abc"),
                             "/orders?cursor=" + encode_cursor({"orders", {"x", "c1"}}),
                             "/orders?cursor=" + encode_cursor({"orders", {"-1", "c1"}}),
                             "/orders?cursor=" + encode_cursor({"orders", {"1"}}),
                             "/products?sort=price&cursor="
                                 + encode_cursor({"products +1", {"9999999999999999999", "a"}})}) {
    CAPTURE(target);
    auto a = get(target);
    check_problem(a, 400, "invalid_request");
    CHECK(json_of(a)["errors"][0]["pointer"] == "?cursor");
  }
}

TEST_CASE_FIXTURE(shop, "no link on the last page") {
  answers.products = [&](const product_filter&) -> caf::result<product_page> {
    return product_page{{sample_product("p1"), sample_product("p2")}, 2};
  };
  auto a = get("/products?limit=2");
  CHECK(json_of(a).size() == 2);
  CHECK(a.header("Link").empty());
  CHECK(next_of(get("/products?limit=1")) != "");
}

TEST_CASE_FIXTURE(shop, "sorts of products; an unknown one is refused") {
  product_filter asked;
  answers.products = [&](const product_filter& by) -> caf::result<product_page> {
    asked = by;
    return product_page{};
  };
  struct row {
    const char* sort;
    product_order order;
    bool descending;
  };
  for (const auto& r : {row{"name", product_order::name, false},
                        {"-name", product_order::name, true},
                        {"price", product_order::price, false},
                        {"-price", product_order::price, true},
                        {"createdAt", product_order::created, false},
                        {"-createdAt", product_order::created, true}}) {
    CHECK(get(std::string("/products?sort=") + r.sort).status == 200);
    CHECK(asked.order == r.order);
    CHECK(asked.descending == r.descending);
    CHECK(get(std::string("/inventory?sort=") + r.sort).status == 200);
    CHECK(asked.order == r.order);
  }
  for (const auto* bad : {"", "-", "--name", "Name", "stock", "name,price", "created"})
    check_problem(get(std::string("/products?sort=") + bad), 400, "invalid_request");
}

TEST_CASE_FIXTURE(shop, "orders: the user's own, by status, page by page") {
  order_filter asked;
  answers.orders = [&](const order_filter& by) -> caf::result<order_list> {
    asked = by;
    return std::make_shared<const std::vector<order>>(3, sample_order("c9"));
  };
  auto a = get("/orders?status=CONFIRMED&limit=2", {{"X-User-Id", "ann"}});
  CHECK(a.status == 200);
  CHECK(json_of(a).size() == 2);
  CHECK(json_of(a)[0]["statusHistory"].size() == 3);
  CHECK(asked.user_id == "ann");
  CHECK(asked.status == order_status::confirmed);
  CHECK(asked.limit == 3);
  CHECK_FALSE(asked.after.has_value());
  CHECK(get(next_of(a)).status == 200);
  REQUIRE(asked.after.has_value());
  CHECK(asked.after->id == "c9");
  CHECK(asked.after->created_at == sample_order().created_at);
  CHECK(asked.user_id == "user-1");
  CHECK(get("/orders").status == 200);
  CHECK(asked.limit == 51);
  CHECK_FALSE(asked.status.has_value());
  for (const auto* bad : {"status=paid", "status=", "limit=0", "limit=1001", "limit=", "limit=1.5",
                          "limit=-1", "cursor=1", "scope=all&userId=a%20b"})
    check_problem(get(std::string("/orders?") + bad), 400, "invalid_request");
}

TEST_CASE_FIXTURE(guarded_shop, "everybody's orders are the admin's") {
  order_filter asked;
  answers.orders = [&](const order_filter& by) -> caf::result<order_list> {
    asked = by;
    return std::make_shared<const std::vector<order>>();
  };
  check_problem(get("/orders?scope=all"), 401, "unauthorized");
  const header_lines admin = {{"Authorization", "Bearer secret"}, {"X-User-Id", "ann"}};
  CHECK(get("/orders?scope=all", admin).status == 200);
  CHECK(asked.user_id.empty());
  CHECK(get("/orders?scope=all&userId=bob", admin).status == 200);
  CHECK(asked.user_id == "bob");
  CHECK(get("/orders?userId=bob", admin).status == 200);
  CHECK(asked.user_id == "ann");
}

TEST_CASE_FIXTURE(shop, "notifications page by page; unread ones have cursors of their own") {
  notification_filter asked;
  answers.notices = [&](const notification_filter& by) -> caf::result<std::vector<notification>> {
    asked = by;
    std::vector<notification> all(static_cast<size_t>(by.limit));
    all[1].seq = 77;
    return all;
  };
  auto a = get("/notifications?limit=2");
  CHECK(json_of(a).size() == 2);
  CHECK(asked.before == INT64_MAX);
  CHECK(get(next_of(a)).status == 200);
  CHECK(asked.before == 77);
  check_problem(get(next_of(a) + "&unread=true"), 400, "invalid_request");
}
