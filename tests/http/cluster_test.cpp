// GET /cluster, in front of a keeper that says what it sees.

#include "shop.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace troupe;
using namespace troupe::test;

TEST_CASE_FIXTURE(shop, "the admin sees the nodes, and who owns which shard") {
  const auto answer = get("/cluster");
  REQUIRE(answer.status == 200);
  const auto seen = nlohmann::json::parse(answer.body);
  CHECK(seen["incarnation"] == 7);
  REQUIRE(seen["members"].size() == 2);
  CHECK(seen["members"][0]["name"] == "node-1");
  CHECK(seen["members"][0]["shards"] == 62);
  CHECK(seen["members"][1]["shards"] == 1);
  REQUIRE(seen["shards"].size() == 64);
  CHECK(seen["shards"][0] == nlohmann::json{{"owner", 8}, {"epoch", 2}});
  CHECK(seen["shards"][1]["owner"].is_null());
}
