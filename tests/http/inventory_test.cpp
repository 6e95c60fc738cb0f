// How the owner makes and changes products, on faked actors.

#include "http/if_match.hpp"
#include "http/who.hpp"
#include "shop.hpp"

#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::test;

namespace {

const std::string good_product
    = R"({"name":"Lamp","description":"","price":19.99,"stock":5,"category":"Light"})";

std::vector<int32_t> versions(std::string_view field) {
  return http::versions_in(field).value_or(std::vector<int32_t>{-1});
}

} // namespace

TEST_CASE("If-Match names versions; any for a star, none for what is no version") {
  CHECK_FALSE(http::versions_in("*").has_value());
  CHECK(versions("\"3\"") == std::vector<int32_t>{3});
  CHECK(versions(" \"3\" ,\"12\"") == std::vector<int32_t>{3, 12});
  for (const auto* none : {"", "3", "W/\"3\"", "\"\"", "\"x\"", "\"03\"", "\"-3\"", "\"3", "\"0\"",
                           "\"99999999999\"", "\"3 \"", "\"1.0\"", ",", "**"}) {
    CAPTURE(none);
    CHECK(versions(none).empty());
  }
}

TEST_CASE_FIXTURE(shop, "a product is made as it was asked for") {
  product_edit asked;
  answers.edit = [&](const product_edit& e) -> caf::result<product_answer> {
    asked = e;
    return product_answer{sample_product(e.id), !e.key ? false : true};
  };
  auto a = send("POST", "/inventory", good_product);
  REQUIRE(a.status == 201);
  CHECK(asked.creates);
  CHECK(asked.id.size() == 25);
  CHECK(asked.name == "Lamp");
  CHECK(asked.description == "");
  CHECK(asked.price == 1999);
  CHECK(asked.stock == 5);
  CHECK(asked.category == "Light");
  CHECK_FALSE(asked.image_url.has_value());
  CHECK_FALSE(asked.key.has_value());
  CHECK(a.header("Location") == "/products/" + asked.id);
  CHECK(a.header("ETag") == "\"2\"");
  CHECK(a.header("Idempotent-Replayed").empty());
  const auto row = json_of(a);
  for (const auto* member :
       {"id", "name", "description", "price", "stock", "category", "imageUrl", "createdAt",
        "updatedAt", "reserved", "sold", "lowStock", "active", "version"})
    CHECK(row.contains(member));
  auto named = nlohmann::json::parse(good_product);
  named["id"] = "lamp_1";
  named["imageUrl"] = "/lamp.svg";
  a = send("POST", "/inventory", named.dump(), {{"Idempotency-Key", "k"}, {"X-User-Id", "ann"}});
  CHECK(a.status == 201);
  CHECK(a.header("Idempotent-Replayed") == "true");
  CHECK(asked.id == "lamp_1");
  CHECK(asked.image_url == "/lamp.svg");
  REQUIRE(asked.key.has_value());
  CHECK(asked.key->scope == http::idempotency_scope("ann", "POST", "/inventory", "k"));
  CHECK(asked.key->body_hash == http::idempotency_digest("k", named.dump()));
}

TEST_CASE_FIXTURE(shop, "what cannot be a product is refused, each place by its name") {
  int asked = 0;
  answers.edit = [&](const product_edit&) -> caf::result<product_answer> {
    ++asked;
    return product_answer{};
  };
  for (const auto* missing : {"name", "description", "price", "stock", "category"}) {
    auto body = nlohmann::json::parse(good_product);
    body.erase(missing);
    auto a = send("POST", "/inventory", body.dump());
    check_problem(a, 400, "invalid_request");
    CHECK(json_of(a)["errors"][0]["pointer"] == std::string("#/") + missing);
  }
  struct row {
    const char* member;
    nlohmann::json value;
  };
  const auto rows = std::vector<row>{{"name", ""},
                                     {"name", " \t"},
                                     {"name", 7},
                                     {"name", std::string(201, 'x')},
                                     {"description", std::string(4001, 'x')},
                                     {"description", nlohmann::json::array()},
                                     {"category", ""},
                                     {"category", std::string(101, 'x')},
                                     {"imageUrl", std::string(2001, 'x')},
                                     {"imageUrl", true},
                                     {"price", -1},
                                     {"price", 0},
                                     {"price", 0.0},
                                     {"price", 1.999},
                                     {"price", "1"},
                                     {"price", 1e17},
                                     {"stock", -1},
                                     {"stock", 1.5},
                                     {"stock", "5"},
                                     {"stock", 1'000'000'001}};
  for (const auto& r : rows)
    for (const auto* method : {"POST", "PUT"}) {
      auto body = nlohmann::json::parse(good_product);
      body[r.member] = r.value;
      CAPTURE(body.dump());
      auto a = send(method, *method == 'P' && method[1] == 'O' ? "/inventory" : "/inventory/p1",
                    body.dump());
      check_problem(a, 400, "invalid_request");
      CHECK(json_of(a)["errors"][0]["pointer"] == std::string("#/") + r.member);
    }
  auto named = nlohmann::json::parse(good_product);
  named["id"] = "a b";
  check_problem(send("POST", "/inventory", named.dump()), 400, "invalid_request");
  for (const auto* nothing : {"{}", R"({"id":"p1"})", R"({"active":1})", R"({"active":"true"})",
                              R"({"name":null})", "[]", "", "{"})
    check_problem(send("PUT", "/inventory/p1", nothing), 400, "invalid_request");
  check_problem(send("PUT", "/inventory/a%20b", R"({"stock":1})"), 404, "not_found");
  check_problem(send("POST", "/inventory", good_product, {{"Idempotency-Key", "a b"}}), 400,
                "invalid_idempotency_key");
  CHECK(asked == 0);
}

TEST_CASE_FIXTURE(shop, "a change names its fields and its condition; refusals have their codes") {
  product_edit asked;
  answers.edit = [&](const product_edit& e) -> caf::result<product_answer> {
    asked = e;
    return product_answer{sample_product(e.id)};
  };
  auto a = send("PUT", "/inventory/p1", R"({"stock":7,"active":false,"price":0.5})",
                {{"If-Match", "\"4\""}});
  CHECK(a.status == 200);
  CHECK(a.header("ETag") == "\"2\"");
  CHECK_FALSE(asked.creates);
  CHECK(asked.id == "p1");
  CHECK(asked.stock == 7);
  CHECK(asked.price == 50);
  CHECK(asked.active == false);
  CHECK_FALSE(asked.name.has_value());
  REQUIRE(asked.versions.has_value());
  CHECK(*asked.versions == std::vector<int32_t>{4});
  CHECK(send("PUT", "/inventory/p1", R"({"description":""})").status == 200);
  CHECK_FALSE(asked.versions.has_value());
  CHECK(asked.description == "");
  struct row {
    troupe::fault what;
    int status;
    const char* code;
  };
  for (const auto& r : {row{troupe::fault::not_found, 404, "not_found"},
                        {troupe::fault::id_taken, 409, "id_taken"},
                        {troupe::fault::moved_on, 412, "precondition_failed"},
                        {troupe::fault::key_reused, 422, "idempotency_key_reused"},
                        {troupe::fault::unavailable, 503, "unavailable"}}) {
    answers.edit
        = [&](const product_edit&) -> caf::result<product_answer> { return make_fault(r.what); };
    check_problem(send("PUT", "/inventory/p1", R"({"stock":7})"), r.status, r.code);
  }
}

TEST_CASE_FIXTURE(shop, "the ledger of a product says what each edit did, and the sum") {
  std::string asked;
  answers.ledger = [&](const std::string& id) -> caf::result<product_ledger> {
    asked = id;
    auto p = sample_product(id);
    p.stock = 7;
    p.reserved = 1;
    p.sold = 2;
    using entry = product_ledger::entry;
    return product_ledger{
        p, 12, -2, {entry{false, 3, -2, {}, timestamp{}}, entry{true, 1, 12, 1999, timestamp{}}}};
  };
  const auto a = send("GET", "/inventory/p1/ledger");
  REQUIRE(a.status == 200);
  CHECK(asked == "p1");
  auto l = json_of(a);
  CHECK(l["entries"].dump()
        == R"([{"at":"1970-01-01T00:00:00.000Z","kind":"adjust","price":null,"quantity":-2,)"
           R"("version":3},{"at":"1970-01-01T00:00:00.000Z","kind":"create","price":19.99,)"
           R"("quantity":12,"version":1}])");
  l.erase("entries");
  CHECK(l.dump()
        == R"({"adjusted":-2,"initial":12,"productId":"p1","reserved":1,"sold":2,"stock":7,)"
           R"("version":2})");
  answers.ledger = [](const std::string&) -> caf::result<product_ledger> {
    return make_fault(troupe::fault::not_found);
  };
  check_problem(send("GET", "/inventory/p1/ledger"), 404, "not_found");
  check_problem(send("GET", "/inventory/a%20b/ledger"), 404, "not_found");
}

TEST_CASE_FIXTURE(guarded_shop, "products are the admin's to change") {
  int asked = 0;
  answers.edit = [&](const product_edit& e) -> caf::result<product_answer> {
    ++asked;
    return product_answer{sample_product(e.id)};
  };
  check_problem(send("POST", "/inventory", good_product), 401, "unauthorized");
  check_problem(send("PUT", "/inventory/p1", R"({"stock":1})"), 401, "unauthorized");
  check_problem(send("GET", "/inventory/p1/ledger"), 401, "unauthorized");
  CHECK(asked == 0);
  CHECK(send("PUT", "/inventory/p1", R"({"stock":1})", {{"Authorization", "Bearer secret"}}).status
        == 200);
}
