#include "kafka-bridge/bus.hpp"
#include "kafka-bridge/codec.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::kafka;

namespace {

record_view view(const outgoing_event& e, const header_list& headers) {
  record_view r{e.what.topic, 3, 42, e.what.key, e.what.value, {}};
  for (const auto& [name, value] : headers)
    r.headers.emplace_back(name, value);
  return r;
}

record_view with_headers(std::vector<std::pair<std::string_view, std::string_view>> headers) {
  return {"t", 3, 42, "k", "v", std::move(headers)};
}

} // namespace

TEST_CASE("headers are CloudEvents' binary mode") {
  auto e = test::sample("order-created", 4);
  e.time = timestamp(std::chrono::milliseconds(1'764'036'000'123));
  const header_list expected{
      {"ce_specversion", "1.0"},
      {"ce_id", event_id(e)},
      {"ce_type", "troupe.order-created"},
      {"ce_source", "/troupe/order"},
      {"ce_subject", "order-4"},
      {"ce_time", "2025-11-25T02:00:00.123Z"},
      {"content-type", "application/json"},
      {"ce_sequence", "5"},
      {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
  CHECK(headers_of(e) == expected);
  CHECK(headers_of(e) == headers_of(e));
}

TEST_CASE("a notice has a subject only when it concerns an order") {
  auto e = test::sample(std::string(topic::notification_requested), 1, "order-1");
  const auto has_subject = [](const header_list& h) {
    return std::any_of(h.begin(), h.end(), [](const auto& x) { return x.first == "ce_subject"; });
  };
  CHECK(has_subject(headers_of(e)));
  e.what.key = "admin";
  e.what.value = R"({"message":"low: \"orderId\":\"admin\"","userId":"admin"})";
  CHECK_FALSE(has_subject(headers_of(e)));
}

TEST_CASE("what was encoded is decoded") {
  const auto e = test::sample("order-created", 4);
  const auto headers = headers_of(e);
  const auto in = decode(view(e, headers));
  CHECK(in.topic == "order-created");
  CHECK(in.partition == 3);
  CHECK(in.offset == 42);
  CHECK(in.key == e.what.key);
  CHECK(in.value == e.what.value);
  CHECK_FALSE(in.tombstone);
  CHECK(in.id == event_id(e));
  CHECK(in.source == "/troupe/order");
  CHECK(in.traceparent == e.what.traceparent);
}

TEST_CASE("a record without usable headers is known by its place") {
  const auto placed = [](const record_view& r) {
    const auto e = decode(r);
    return e.id == "t/3/42" && e.source == "kafka";
  };
  CHECK(placed(with_headers({})));
  CHECK(placed(with_headers({{"ce_id", "x"}})));
  CHECK(placed(with_headers({{"ce_source", "x"}})));
  CHECK(placed(with_headers({{"ce_id", ""}, {"ce_source", "/s"}})));
  CHECK(placed(with_headers({{"ce_id", "a b"}, {"ce_source", "/s"}})));
  CHECK(placed(with_headers({{"ce_id", std::string_view("a\0b", 3)}, {"ce_source", "/s"}})));
  CHECK(placed(with_headers({{"ce_id", "\xff"}, {"ce_source", "/s"}})));
  const std::string longest(255, 'i');
  CHECK(decode(with_headers({{"ce_id", longest}, {"ce_source", "/s"}})).id == longest);
  CHECK(placed(with_headers({{"ce_id", longest + 'i'}, {"ce_source", "/s"}})));
}

TEST_CASE("a traceparent that is not one is dropped") {
  const auto kept = [](std::string_view t) {
    return decode(with_headers({{"traceparent", t}})).traceparent;
  };
  constexpr std::string_view good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  CHECK(kept(good) == good);
  CHECK(kept("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").empty());
  CHECK(kept(good.substr(1)).empty());
  CHECK(kept("x").empty());
}

TEST_CASE("a null value is a tombstone, an empty one is not") {
  auto r = with_headers({});
  r.value = std::nullopt;
  CHECK(decode(r).tombstone);
  CHECK(decode(r).value.empty());
  r.value = "";
  CHECK_FALSE(decode(r).tombstone);
}

TEST_CASE("a service has its group") {
  CHECK(group_of(service::inventory) == "troupe-inventory");
}
