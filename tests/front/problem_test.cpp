#include "http/problem.hpp"
#include "http/reply.hpp"

#include <doctest/doctest.h>

using namespace troupe::http;
using nlohmann::json;

TEST_CASE("a problem has the contract's members") {
  const auto answer = to_response({.status = 409,
                                   .code = "price_changed",
                                   .title = "A price has changed",
                                   .detail = "see prices",
                                   .errors = {{"#/items/0/price", "is 5.00 now"}},
                                   .extra = {{"prices", json::array({1})}},
                                   .retry_after = 2},
                                  "/orders");
  CHECK(answer.status == 409);
  CHECK(answer.content_type == "application/problem+json");
  CHECK(answer.headers == header_list{{"Retry-After", "2"}});
  CHECK(json::parse(answer.body)
        == json{{"type", "urn:troupe:problem:price_changed"},
                {"title", "A price has changed"},
                {"error", "A price has changed"},
                {"status", 409},
                {"detail", "see prices"},
                {"instance", "/orders"},
                {"code", "price_changed"},
                {"prices", {1}},
                {"errors", {{{"pointer", "#/items/0/price"}, {"detail", "is 5.00 now"}}}}});
}

TEST_CASE("a problem that quotes bytes that are not UTF-8 is still JSON") {
  const auto answer = to_response({.status = 400, .code = "bad", .detail = "got \xff"}, "/");
  CHECK(json::parse(answer.body)["detail"] == "got \xef\xbf\xbd");
  CHECK(json::parse(answer.body)["title"] == "Bad Request");
}

TEST_CASE("a reply answers once, and 500 when dropped") {
  std::vector<response> answers;
  const auto take = [&](response r) { answers.push_back(std::move(r)); };
  {
    auto first = reply::to_function(take);
    first.send({.status = 204});
    CHECK(!first);
    first.send({.status = 200});
  }
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].status == 204);
  { const auto dropped = reply::to_function(take, "/x"); }
  REQUIRE(answers.size() == 2);
  CHECK(answers[1].status == 500);
  CHECK(json::parse(answers[1].body)["instance"] == "/x");
}

TEST_CASE("a reply without a connection answers 500 when aborted") {
  std::vector<response> answers;
  auto r = reply::to_function([&](response one) { answers.push_back(std::move(one)); });
  r.abort();
  r.abort();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].status == 500);
}

TEST_CASE("an overwritten reply counts as dropped") {
  std::vector<int> answers;
  auto one = reply::to_function([&](const response& r) { answers.push_back(r.status); });
  one = reply::to_function([&](const response& r) { answers.push_back(r.status + 1); });
  CHECK(answers == std::vector{500});
  one.send({.status = 200});
  CHECK(answers == std::vector{500, 201});
}

TEST_CASE("headers, parameters and the JSON type are found") {
  request r{.target = "/orders/7?x=1"};
  r.headers = {{"content-TYPE", "Application/JSON ; charset=utf-8"}, {"A", "1"}, {"a", "2"}};
  r.path_params = {{"id", "7"}};
  r.query = {{"x", "1"}};
  CHECK(r.has_json_type());
  CHECK(r.header("A") == "1");
  CHECK(r.header_count("a") == 2);
  CHECK(!r.header("b"));
  CHECK(r.path_param("id") == "7");
  CHECK(r.query_param("x") == "1");
  CHECK(!r.query_param("y"));
  CHECK(r.instance() == "/orders/7");
  r.headers = {{"Content-Type", "text/json"}};
  CHECK(!r.has_json_type());
}
