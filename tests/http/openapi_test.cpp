// The description of the routes is served, and tells of the routes that there are: no more, no
// less.

#include "app/fronts.hpp"
#include "http/documents.hpp"
#include "shop.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

using namespace troupe;
using namespace troupe::test;

namespace {

using routes = std::set<std::string>;

/// "/orders/:id" → "/orders/{id}"
std::string as_described(std::string_view pattern) {
  std::string out;
  bool named = false;
  for (const char c : pattern) {
    if (named && c == '/')
      out += '}';
    named = (named && c != '/') || c == ':';
    out += c == ':' ? '{' : c;
  }
  return named ? out + '}' : out;
}

/// What the program registers on its gateway.
routes registered() {
  fake_shop shop;
  config c;
  for (auto* port : {&c.server.order_port, &c.server.payment_port, &c.server.inventory_port,
                     &c.server.emailing_port, &c.server.gateway_port})
    *port = 0;
  const fronts all(c, shop.behind());
  routes out;
  for (const auto& r : all.gateway_routes())
    out.insert(r.method + ' ' + as_described(r.pattern));
  return out;
}

/// The paths and methods of docs/openapi.yaml, which stand two and four spaces in.
routes described() {
  std::istringstream text{std::string(http::documents().front().text)};
  std::string line;
  while (std::getline(text, line) && line != "paths:") {
  }
  routes out;
  for (std::string path; std::getline(text, line) && line != "components:";) {
    if (line.starts_with("  /"))
      path = line.substr(2, line.size() - 3);
    const auto word = line.substr(std::min(line.size(), line.find_first_not_of(' ')));
    if (!line.starts_with("    ") || line.size() != word.size() + 4 || !word.ends_with(':'))
      continue;
    std::string method;
    std::transform(word.begin(), word.end() - 1, std::back_inserter(method), ::toupper);
    out.insert(method.append(" ").append(path));
  }
  return out;
}

/// What only `all` has, for people to read.
std::string without(const routes& all, const routes& some) {
  std::string out;
  for (const auto& one : all)
    if (!some.contains(one))
      out.append(one).append(" ");
  return out;
}

} // namespace

TEST_CASE("docs/openapi.yaml describes every route that is served, and no other") {
  const auto served = registered();
  const auto told = described();
  CHECK(served.size() > 20);
  CHECK(without(served, told) == "");
  CHECK(without(told, served) == "");
}

TEST_CASE_FIXTURE(shop, "the description is served, and not sent twice to whoever has it") {
  for (const auto* path : {"/openapi.yaml", "/asyncapi.yaml", "/docs", "/docs/style.css"}) {
    CAPTURE(path);
    const auto first = get(path);
    CHECK(first.status == 200);
    const auto etag = first.header("ETag");
    CHECK(etag.size() == 66);
    const auto again = get(path, {{"If-None-Match", std::string(etag)}});
    CHECK(again.status == 304);
    CHECK(again.header("ETag") == etag);
    CHECK(again.body.empty());
    CHECK(get(path, {{"If-None-Match", "\"other\""}}).status == 200);
  }
  CHECK(get("/openapi.yaml").header("Content-Type") == "application/yaml");
  CHECK(get("/openapi.yaml").body.starts_with("openapi: 3.1"));
  CHECK(get("/asyncapi.yaml").body.starts_with("asyncapi: 3.0"));
}

TEST_CASE_FIXTURE(shop, "the page for people runs no script and loads nothing from elsewhere") {
  const auto page = get("/docs");
  CHECK(page.header("Content-Type") == "text/html; charset=utf-8");
  CHECK(
      page.header("Content-Security-Policy").starts_with("default-src 'none'; style-src 'self';"));
  CHECK(page.body.find("<script") == std::string::npos);
  CHECK(page.body.find("://") == std::string::npos);
  CHECK(page.body.find("/orders/{id}/process-payment") != std::string::npos);
}
