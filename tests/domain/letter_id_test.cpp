#include "domain/letter_id.hpp"

#include "domain/utf8.hpp"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("a letter's name says service, kind and number, and nothing else is one") {
  for (const auto of : all_services)
    for (const auto state : {letter_state::dead, letter_state::parked}) {
      const letter_id id{of, state, 9'007'199'254'740'993};
      CHECK(letter_id_from(to_string(id)) == id);
    }
  CHECK(to_string(letter_id{service::inventory, letter_state::parked, 17})
        == "inventory-parked-17");
  for (const auto* none :
       {"", "-", "--", "order", "order-dead", "order-dead-", "order-dead-0", "order-dead-01",
        "order-dead--1", "order-dead-1x", "order-dead-+1", "order--dead-1", "orders-dead-1",
        "order-live-1", "ORDER-dead-1", "order-dead-9223372036854775808", "order-dead-dead-1"}) {
    CAPTURE(none);
    CHECK_FALSE(letter_id_from(none));
  }
}

TEST_CASE("text is told from other bytes") {
  for (const std::string_view text :
       {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    CHECK(is_utf8(text));
  CHECK(is_utf8(std::string_view("a\0b", 3)));
  for (const std::string_view other :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xE2\x82", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
        "ok\xE2\x28\xA1", "\xF0\x90\x80"}) {
    CAPTURE(other);
    CHECK_FALSE(is_utf8(other));
  }
}
