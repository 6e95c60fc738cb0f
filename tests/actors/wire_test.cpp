// The messages and errors that may cross nodes.

#include "actors/wire.hpp"

#include <caf/all.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <doctest/doctest.h>

#include <set>

using namespace troupe;

namespace {

/// Writes `x` as another node would get it, and reads it.
template <class T>
T over_the_wire(T x) {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  caf::binary_serializer::container_type bytes;
  caf::binary_serializer sink{sys, bytes};
  CHECK_FALSE(sink(x));
  T y;
  caf::binary_deserializer source{sys, bytes};
  CHECK_FALSE(source(y));
  CHECK(source.remaining() == 0);
  return y;
}

order full_order() {
  order o;
  o.id = "o1";
  o.user_id = "ada";
  o.status = order_status::payment_failed;
  o.payment = payment_status::refund_pending;
  o.version = 3;
  o.total = 123456789012;
  o.shipping_address = R"({"street":"1 Main"})";
  o.lines = {{"l1", "p-001", 2, 1999, "Lamp", "/lamp.jpg"}, {"l2", "p-002", 1, 1, "Nail", ""}};
  o.history = {{order_status::created, payment_status::pending, timestamp{std::chrono::hours(1)},
                "received"},
               {order_status::cancelled, payment_status::refunded, timestamp{}, "gone"}};
  o.attempt = 2;
  o.transaction_id = "tx";
  o.stock_held = true;
  o.rounds = 4;
  o.live = true;
  o.created_at = timestamp{std::chrono::microseconds(1'700'000'000'123'456)};
  o.updated_at = o.created_at + std::chrono::hours(1);
  return o;
}

} // namespace

TEST_CASE("every message that may cross nodes survives the way") {
  order_request request;
  request.order_id = "o1";
  request.command = {order_verb::deliver, "r", "t", "n", "c", 7, 2, "tp", timestamp{}};
  request.user_id = "ada";
  request.payment_method = "card";
  request.card_number = "4242";
  request.key = idempotency{"scope", "hash"};
  auto r = over_the_wire(request);
  CHECK(r.order_id == request.order_id);
  CHECK(r.user_id == request.user_id);
  CHECK(r.payment_method == request.payment_method);
  CHECK(r.card_number == request.card_number);
  CHECK(r.key == request.key);
  CHECK(r.command.verb == request.command.verb);
  CHECK(r.command.reason == "r");
  CHECK(r.command.transaction_id == "t");
  CHECK(r.command.tracking_number == "n");
  CHECK(r.command.courier == "c");
  CHECK(r.command.version == 7);
  CHECK(r.command.attempt == 2);
  CHECK(r.command.traceparent == "tp");

  auto o = full_order();
  CHECK(over_the_wire(o) == o);
  auto answered = over_the_wire(order_answer{o, true, true});
  CHECK(answered.now == o);
  CHECK(answered.pending);
  CHECK(answered.replayed);
  auto made = over_the_wire(create_answer{o, true});
  CHECK(made.now == o);
  CHECK(made.replayed);
  create_request create{o, idempotency{"scope", "hash"}, "tp"};
  auto c = over_the_wire(create);
  CHECK(c.draft == o);
  CHECK(c.key == create.key);
  CHECK(c.traceparent == "tp");
  create.key.reset();
  CHECK(over_the_wire(create).key == std::nullopt);
  incoming_event e;
  e.topic = topic::order_cancelled;
  e.key = "o1";
  e.value = "{}";
  e.id = "order-1.0";
  e.source = "/troupe/order";
  e.partition = 3;
  e.offset = 1LL << 40;
  e.tombstone = true;
  e.traceparent = "tp";
  CHECK(over_the_wire(e) == e);

  const cluster_member member{1LL << 40, "node-1", "[::1]:3010", 7, false, false, true};
  CHECK(over_the_wire(member) == member);
  const shard_place place{1LL << 40, 1LL << 41};
  CHECK(over_the_wire(place) == place);
  const auto news = over_the_wire(change_notice{{"o1", "o2"}, {"ada"}, true});
  CHECK(news.orders == std::vector<std::string>{"o1", "o2"});
  CHECK(news.users == std::vector<std::string>{"ada"});
  CHECK(news.all);
  CHECK(over_the_wire(presence::quarantined) == presence::quarantined);
}

TEST_CASE("CAF knows the types of every message between nodes") {
  caf::actor_system_config cfg;
  add_wire_types(cfg);
  caf::actor_system sys{cfg};
  const std::string id = "o1";
  for (const auto& m :
       {caf::make_message(view_atom::value, id, id), caf::make_message(full_order()),
        caf::make_message(order_request{}), caf::make_message(order_answer{}),
        caf::make_message(create_request{}), caf::make_message(create_answer{}),
        caf::make_message(diagnose_atom::value, id), caf::make_message(presence::live),
        caf::make_message(moved_atom::value, int32_t{7}, shard_place{1, 2}),
        caf::make_message(change_notice{}), caf::make_message(make_fault(fault::busy, "full"))}) {
    caf::binary_serializer::container_type bytes;
    caf::scoped_actor self{sys};
    caf::binary_serializer sink{self->context(), bytes};
    CHECK_FALSE(sink(const_cast<caf::message&>(m)));
    caf::message read;
    caf::binary_deserializer source{self->context(), bytes};
    CHECK_FALSE(source(read));
    CHECK(read.size() == m.size());
    CHECK(caf::to_string(read) == caf::to_string(m));
  }
}

namespace {

/// A message in two versions of the program, alone and within another.
struct earlier {
  std::string a;
};
struct later {
  std::string a = "?";
  int32_t b = 7;
  std::vector<int32_t> c = {1};
};
template <class Inspector>
auto inspect(Inspector& f, earlier& x) {
  return fields(f, "earlier", x.a);
}
template <class Inspector>
auto inspect(Inspector& f, later& x) {
  return fields(f, "later", x.a, x.b, x.c);
}

template <class Inner>
struct holder {
  std::vector<Inner> some;
  int32_t behind = 0;
};
template <class Inspector, class Inner>
auto inspect(Inspector& f, holder<Inner>& x) {
  return fields(f, "holder", x.some, x.behind);
}

template <class To, class From>
To read_as(From x) {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  caf::binary_serializer::container_type bytes;
  caf::binary_serializer sink{sys, bytes};
  CHECK_FALSE(sink(x));
  To y;
  caf::binary_deserializer source{sys, bytes};
  CHECK_FALSE(source(y));
  CHECK(source.remaining() == 0);
  return y;
}

} // namespace

TEST_CASE("nodes that differ by fields at the end of a message understand each other") {
  const auto old = read_as<holder<earlier>>(holder<later>{{{"x", 1, {2}}, {"y", 3, {}}}, 9});
  REQUIRE(old.some.size() == 2);
  CHECK(old.some[1].a == "y");
  CHECK(old.behind == 9);
  const auto fresh = read_as<holder<later>>(holder<earlier>{{{"x"}, {"y"}}, 9});
  REQUIRE(fresh.some.size() == 2);
  CHECK(fresh.some[1].a == "y");
  CHECK(fresh.some[1].b == 7);
  CHECK(fresh.some[1].c == std::vector<int32_t>{1});
  CHECK(fresh.behind == 9);
}

TEST_CASE("a message that ends in the middle of a field is refused") {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  std::vector<char> cut = {0, 0}; // two bytes of an int
  caf::binary_serializer::container_type bytes;
  caf::binary_serializer sink{sys, bytes};
  REQUIRE_FALSE(sink(cut));
  shard_place place;
  caf::binary_deserializer source{sys, bytes};
  CHECK(source(place));
}

TEST_CASE("a fault survives its way through an error, with its name and detail") {
  std::set<std::string_view> names;
  for (auto f = 1; f <= static_cast<int>(troupe::fault::internal); ++f) {
    auto each = static_cast<troupe::fault>(f);
    auto error = over_the_wire(make_fault(each, "detail"));
    CHECK(troupe::fault_of(error) == each);
    CHECK(detail_of(error) == "detail");
    CHECK_FALSE(to_string(each).empty());
    names.insert(to_string(each));
  }
  CHECK(names.size() == static_cast<size_t>(troupe::fault::internal));
  CHECK(to_string(troupe::fault::busy) == "busy");
  CHECK(to_string(troupe::fault::internal) == "internal");
  CHECK(troupe::fault_of(caf::error()) == troupe::fault::none);
  CHECK(troupe::fault_of(caf::make_error(caf::sec::request_timeout)) == troupe::fault::unavailable);
  CHECK(detail_of(caf::make_error(caf::sec::request_timeout)).empty());
}
