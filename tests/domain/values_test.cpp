// Money, ids, times, and events as text.

#include "domain/event.hpp"
#include "domain/ids.hpp"
#include "domain/json.hpp"
#include "domain/lifecycle.hpp"
#include "domain/money.hpp"
#include "domain/random.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

using namespace troupe;

TEST_CASE("money: numbers with at most two decimals, exactly") {
  CHECK(cents_from_number(0) == 0);
  CHECK(cents_from_number(-0.0) == 0);
  CHECK(cents_from_number(0.01) == 1);
  CHECK(cents_from_number(0.1) == 10);
  CHECK(cents_from_number(0.29) == 29);
  CHECK(cents_from_number(1.15) == 115);
  CHECK(cents_from_number(19.99) == 1'999);
  CHECK(cents_from_number(4.35) == 435);
  CHECK(cents_from_number(1e13) == max_amount);
  CHECK(cents_from_number(9'999'999'999'999.99) == max_amount - 1);
  for (const double bad :
       {-0.01, 0.001, 0.005, 1.155, 19.999, 0.1 + 0.2, 1e13 + 0.01, 1e300,
        std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::denorm_min()}) {
    INFO(bad);
    CHECK_FALSE(cents_from_number(bad));
  }
}

TEST_CASE("money: every amount comes back, also through JSON") {
  const unsigned seed = 20'240'611;
  MESSAGE("seed ", seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200'000; ++i) {
    const auto limit = cents{1} << random() % 50;
    const auto amount = std::min<cents>(static_cast<cents>(random() % limit), max_amount);
    REQUIRE(cents_from_number(number_from_cents(amount)) == amount);
    if (i % 20 == 0) {
      const auto text = canonical(json_money(amount));
      REQUIRE(cents_from_number(nlohmann::json::parse(text).get<double>()) == amount);
      // The shortest form has no third decimal.
      REQUIRE(text.size() - text.find('.') <= 3);
    }
  }
}

TEST_CASE("money: totals do not overflow") {
  CHECK(line_total(1'999, 3) == 5'997);
  CHECK(line_total(0, std::numeric_limits<int64_t>::max()) == 0);
  CHECK(line_total(max_amount, 0) == 0);
  CHECK(line_total(max_amount, 1) == max_amount);
  CHECK_FALSE(line_total(max_amount, 2));
  CHECK_FALSE(line_total(2, std::numeric_limits<int64_t>::max()));
  CHECK_FALSE(line_total(-1, 1));
  CHECK_FALSE(line_total(1, -1));
  CHECK(add_amounts(1, 2) == 3);
  CHECK(add_amounts(max_amount - 1, 1) == max_amount);
  CHECK_FALSE(add_amounts(max_amount, 1));
  CHECK_FALSE(add_amounts(1, max_amount));
  CHECK_FALSE(add_amounts(-1, 2));
  CHECK_FALSE(add_amounts(std::numeric_limits<int64_t>::max(), 1));
}

TEST_CASE("ids: their shape, and no two alike, from any thread") {
  const auto next = random_ids();
  std::vector<std::vector<std::string>> made(4);
  std::vector<std::thread> threads;
  threads.reserve(made.size());
  for (auto& list : made)
    threads.emplace_back([&list, next] {
      for (int i = 0; i < 20'000; ++i)
        list.push_back(next());
    });
  for (auto& t : threads)
    t.join();
  std::set<std::string> all;
  std::array<int, 256> seen{};
  for (const auto& list : made)
    for (const auto& id : list) {
      REQUIRE(id.size() == 25);
      REQUIRE(id[0] == 'c');
      for (const char c : id.substr(1))
        ++seen[static_cast<uint8_t>(c)];
      all.insert(id);
    }
  CHECK(all.size() == 80'000);
  // 1,920,000 digits of 36 kinds: 53,333 each, with a standard deviation of 228.
  int kinds = 0;
  for (int c = 0; c < 256; ++c)
    if (seen[c] != 0) {
      ++kinds;
      CHECK(std::abs(seen[c] - 53'333) < 2'300);
    }
  CHECK(kinds == 36);
}

TEST_CASE("random bytes in hexadecimal, no two alike") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i)
    seen.insert(random_hex(8));
  CHECK(seen.size() == 1000);
  for (const auto& text : seen) {
    CHECK(text.size() == 16);
    CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
  }
  CHECK(random_hex(0).empty());
}

TEST_CASE("ids: what a client may send") {
  for (const char* good : {"a", "A-Z_0-9", "product-1", "c0123456789abcdefghijklmn"})
    CHECK(valid_id(good));
  CHECK(valid_id(std::string(64, 'x')));
  for (const char* bad : {"", " ", "a b", "a/b", "a.b", "ä", "a\n", "%41", "a:1"})
    CHECK_FALSE(valid_id(bad));
  CHECK_FALSE(valid_id(std::string(65, 'x')));
  CHECK_FALSE(valid_id(std::string_view("a\0b", 3)));
}

TEST_CASE("shards are FNV-1a modulo 64, for ever") {
  // The published 32-bit vectors: "" 811c9dc5, "a" e40c292c, "foobar" bf9cf968.
  CHECK(shard_of("") == 0x811c9dc5U % 64);
  CHECK(shard_of("a") == 0xe40c292cU % 64);
  CHECK(shard_of("b") == 0xe70c2de5U % 64);
  CHECK(shard_of("foobar") == 0xbf9cf968U % 64);
  CHECK(shard_of("\xff") >= 0);
  std::array<int, shard_count> load{};
  const auto next = random_ids();
  for (int i = 0; i < 64'000; ++i)
    ++load.at(shard_of(next()));
  for (const int n : load)
    CHECK(std::abs(n - 1'000) < 200);
}

TEST_CASE("positions hold a stream and a counter") {
  const auto at = make_position((1 << 24) - 1, (int64_t{1} << counter_bits) - 1);
  CHECK(at == std::numeric_limits<int64_t>::max());
  CHECK(stream_of(at) == (1 << 24) - 1);
  CHECK(make_position(7, 3) < make_position(7, 4));
  CHECK(make_position(7, 1'000'000) < make_position(8, 0));
}

TEST_CASE("times in ISO 8601 with milliseconds, never rounded up") {
  const auto at = [](int64_t us) { return to_iso8601(timestamp{std::chrono::microseconds{us}}); };
  CHECK(at(0) == "1970-01-01T00:00:00.000Z");
  CHECK(at(1'700'000'000'123'999) == "2023-11-14T22:13:20.123Z");
  CHECK(at(1'709'164'800'000'000) == "2024-02-29T00:00:00.000Z");
  CHECK(at(4'102'444'799'999'999) == "2099-12-31T23:59:59.999Z");
  CHECK(at(-1) == "1969-12-31T23:59:59.999Z");
}

namespace {

event sample(std::string value) {
  return {"order-created", "order-1", std::move(value),
          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"};
}

} // namespace

TEST_CASE("events come back byte for byte") {
  std::vector<event> events = {
      sample("{}"),
      sample(R"({"a":[1,2.5,-0.0,1e+300,1e-07,123456789012345678,18446744073709551615,0.1]})"),
      sample(R"({"k\"\\\n\u0000":"ü€😀 \u001f\\/","nested":{"deep":[[[{}]],null,true,false]}})"),
      {"payment-success", "o", R"({"orderId":"o"})", ""},
  };
  const auto text = encode_events(events);
  CHECK(decode_events(text) == events);
  CHECK(encode_events(decode_events(text)) == text);
  CHECK(encode_events({}) == "[]");
  CHECK(decode_events(" [ ] ").empty());
  CHECK(encode_events({events[3]})
        == R"([{"key":"o","topic":"payment-success","value":{"orderId":"o"}}])");
}

TEST_CASE("an order with a strange address survives its journal row") {
  order draft;
  draft.id = "order-1";
  draft.user_id = "user-1";
  draft.total = max_amount;
  draft.lines = {{"i", "p", 3, 333, "Näme", ""}};
  for (const char* address :
       {R"({"city":"K\u00f6ln \ud83d\ude00","zip":"50 667","n":1e2,"x":0.30000000000000004})",
        R"({ "b" : 1.10 , "a" : -0 , "c" : 100000000000000000000000 , "d" : [ ] })",
        "{\"line\":\"a\\tb\\\\c\\u2028\",\"\":\"\"}"}) {
    draft.shipping_address = address;
    const auto events = decide_creation(draft, {}, "t").events;
    CHECK(decode_events(encode_events(events)) == events);
    const auto value = nlohmann::json::parse(events[0].value);
    CHECK(value["shippingAddress"] == nlohmann::json::parse(address));
    CHECK(value["totalAmount"].get<double>() == 1e13);
  }
  for (const char* bad : {"", "[]", "1", "{\"a\":}", "{\"a\":\"\xff\"}"}) {
    draft.shipping_address = bad;
    CHECK_THROWS_AS(decide_creation(draft, {}, ""), std::invalid_argument);
  }
}

TEST_CASE("what is no list of events is refused") {
  for (const char* bad :
       {"", "{}", "[1]", "[{}]", R"([{"topic":"t","key":"k"}])",
        R"([{"topic":"t","key":"k","value":"{}"}])", R"([{"topic":1,"key":"k","value":{}}])",
        R"([{"topic":"t","key":null,"value":{}}])",
        R"([{"topic":"t","key":"k","value":{},"traceparent":1}])", "[", "[]]"}) {
    INFO(std::string(bad));
    CHECK_THROWS_AS(decode_events(bad), std::invalid_argument);
  }
  // Not canonical: it would come back as other bytes.
  for (const char* bad :
       {"", "[]", "{ }", R"({"b":1,"a":2})", R"({"a":1.0e2})", "{\"a\":\"\xff\"}"})
    CHECK_THROWS_AS(encode_events({sample(bad)}), std::invalid_argument);
}

TEST_CASE("an event's identity") {
  outgoing_event e;
  e.from = service::inventory;
  e.at = make_position(3, 41);
  e.index = 1;
  CHECK(event_id(e) == "inventory-1649267441705.1");
  CHECK(event_source(service::order) == "/troupe/order");
  CHECK(event_source(service::payment) == "/troupe/payment");
  CHECK(event_source(service::emailing) == "/troupe/emailing");
}

TEST_CASE("text from outside is made fit to store and to show") {
  CHECK(plain_text("Grüße 😀") == "Grüße 😀");
  CHECK(plain_text(std::string_view("a\0b\n\x7f", 5)) == "a b  ");
  const std::string broken = "\xEF\xBF\xBD";
  CHECK(plain_text("\xff") == broken);
  CHECK(plain_text("\xc0\xaf") == broken + broken);              // overlong
  CHECK(plain_text("\xed\xa0\x80") == broken + broken + broken); // surrogate
  CHECK(plain_text("\xf4\x90\x80\x80") == broken + broken + broken + broken);
  CHECK(plain_text("x\xe2\x82") == "x" + broken + broken); // cut short
  CHECK(plain_text("aaä", 3) == "aa");                     // never half a character
  CHECK(plain_text(std::string(1'000, 'x')).size() == 500);
}
