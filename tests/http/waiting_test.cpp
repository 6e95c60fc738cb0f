// Clients that wait: long-polls, and streams of an order and of notifications.

#include "http/prefer.hpp"
#include "waiting_shop.hpp"

#include <doctest/doctest.h>

#include <future>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

TEST_CASE("the wish to wait is read as RFC 7240 says, and a malformed one ignored") {
  const auto wait = [](const std::vector<std::string>& fields) -> int64_t {
    http::request q;
    for (const auto& f : fields)
      q.headers.emplace_back("prefer", f);
    const auto found = http::wait_preference(q);
    return found ? found->count() : -1;
  };
  CHECK(wait({}) == -1);
  CHECK(wait({"wait=10"}) == 10);
  CHECK(wait({"Wait = 10"}) == 10);
  CHECK(wait({"wait=\"10\""}) == 10);
  CHECK(wait({"respond-async, wait=7; x=y, wait=9"}) == 7);
  CHECK(wait({"foo=\"a, wait=1; b\\\", wait=2\", wait=5"}) == 5);
  CHECK(wait({"foo", "wait=5"}) == 5);
  CHECK(wait({"wait=60"}) == 60);
  CHECK(wait({"wait=61"}) == 60);
  CHECK(wait({"wait=99999999999999999999999"}) == 60);
  CHECK(wait({"wait=0"}) == 0);
  for (const auto* bad : {"wait", "wait=", "wait=x", "wait=-1", "wait=1.5", "wait=+1", "waits=3",
                          "x;wait=3", "wait=\"1", ",,;=", "\"wait=3"})
    CHECK_MESSAGE(wait({bad}) == -1, bad);
}

TEST_CASE_FIXTURE(waiting_shop, "a long-poll is answered by the change") {
  auto c = poll();
  await_views(1);
  CHECK(c.silent(50ms));
  CHECK(waits("order_poll"));
  change(4);
  const auto a = c.receive();
  REQUIRE(a);
  CHECK(a->status == 200);
  CHECK(a->header("ETag") == "\"4\"");
  CHECK(a->header("Preference-Applied") == "wait=30");
  CHECK(a->body.find("\"version\":4") != std::string::npos);
  CHECK(waits("order_poll", 0));
  CHECK(views == 1);
}

TEST_CASE_FIXTURE(waiting_shop, "without a change it is 304 when the time is up") {
  const auto began = std::chrono::steady_clock::now();
  auto c = ask("/orders/c1", "If-None-Match: \"3\"\r\nPrefer: wait=1\r\n");
  await_views(1);
  change(3); // nothing new
  const auto a = c.receive();
  REQUIRE(a);
  CHECK(a->status == 304);
  CHECK(a->header("ETag") == "\"3\"");
  CHECK(a->header("Preference-Applied") == "wait=1");
  CHECK(std::chrono::steady_clock::now() - began >= 1s);
}

TEST_CASE_FIXTURE(waiting_shop, "what need not wait does not") {
  CHECK(ask("/orders/c1", "Prefer: wait=30\r\n").receive()->status == 200);
  CHECK(ask("/orders/c1", "If-None-Match: \"3\"\r\nPrefer: wait=x\r\n").receive()->status == 304);
  CHECK(ask("/orders/c1", "If-None-Match: \"3\"\r\nPrefer: wait=0\r\n").receive()->status == 304);
  const auto old = ask("/orders/c1", "If-None-Match: \"2\"\r\nPrefer: wait=30\r\n").receive();
  CHECK(old->status == 200);
  CHECK(old->header("Preference-Applied") == "wait=30");
  CHECK(poll("X-User-Id: eve\r\n").receive()->status == 404);
  CHECK(ask("/orders/c1/stream", "X-User-Id: eve\r\n").receive()->status == 404);
  CHECK(ask("/orders/none/stream").receive()->status == 404);
}

TEST_CASE_FIXTURE(waiting_shop, "a change between the view and its answer is not lost") {
  answers.view = [this](const std::string&, const std::string&) -> caf::result<order> {
    change(4);
    return now;
  };
  CHECK(poll().receive()->header("ETag") == "\"4\"");
}

TEST_CASE_FIXTURE(waiting_shop, "what is doubtful is viewed again") {
  auto c = poll();
  await_views(1);
  CHECK(c.silent(50ms));
  now = version_of(now, 4);
  waiting().orders.doubtful("c1");
  CHECK(c.receive()->header("ETag") == "\"4\"");
  CHECK(views == 2);
}

TEST_CASE_FIXTURE(waiting_shop,
                  "when anything may have changed, all that somebody waits for is viewed") {
  auto c = poll();
  auto s = ask("/orders/c1/stream", "Last-Event-ID: 3\r\n");
  REQUIRE(s.read_to("\r\n\r\n"));
  await_views(2);
  CHECK(c.silent(50ms));
  now = version_of(now, 4);
  waiting().orders.doubtful_all();
  CHECK(c.receive()->header("ETag") == "\"4\"");
  CHECK(s.read_to(event_end("order", 4)));
  CHECK(views == 3);
}

TEST_CASE_FIXTURE(waiting_shop, "what is in doubt is not sworn to be unchanged") {
  auto c = ask("/orders/c1", "If-None-Match: \"3\"\r\nPrefer: wait=1\r\n");
  await_views(1);
  CHECK(c.silent(50ms));
  answers.silent = true;
  waiting().orders.doubtful("c1");
  const auto a = c.receive();
  REQUIRE(a);
  CHECK(a->status == 503);
  CHECK(a->code() == "unavailable");
}

TEST_CASE_FIXTURE(waiting_shop, "who waits goes on waiting while the node is made again") {
  auto c = poll();
  auto s = ask("/orders/c1/stream", "Last-Event-ID: 3\r\n");
  REQUIRE(s.read_to("\r\n\r\n"));
  waiting().pause();
  CHECK(c.silent(50ms));
  now = version_of(now, 5);
  open();
  CHECK(c.receive()->header("ETag") == "\"5\"");
  CHECK(s.read_to(event_end("order", 5)));
}

TEST_CASE_FIXTURE(waiting_shop, "who does not own the orders lets nobody wait for them") {
  auto c = poll();
  CHECK(c.silent(50ms));
  mine->owns_shards(false);
  const auto a = c.receive();
  CHECK(a->status == 503);
  CHECK(a->code() == "not_owner");
}

TEST_CASE("past the bound of each kind the answer is 503") {
  waiting_shop s(quick(1));
  auto first = s.poll();
  CHECK(s.waits("order_poll"));
  const auto a = s.poll().receive();
  CHECK(a->status == 503);
  CHECK(a->code() == "busy");
  CHECK(!a->header("Retry-After").empty());
  auto stream = s.ask("/orders/c1/stream");
  CHECK(s.waits("order_stream"));
  CHECK(s.ask("/orders/c1/stream").receive()->status == 503);
  auto notices = s.ask("/notifications/stream");
  CHECK(s.waits("notification_stream"));
  CHECK(s.ask("/notifications/stream").receive()->status == 503);
  first.close(); // whoever goes makes room
  CHECK(s.waits("order_poll", 0));
  stream.close();
  CHECK(s.waits("order_stream", 0));
  notices.close();
  CHECK(s.waits("notification_stream", 0));
}

TEST_CASE_FIXTURE(waiting_shop, "an order's stream: as it is, each change, until it is settled") {
  auto c = ask("/orders/c1/stream?userId=user-1");
  const auto head = c.read_to("\r\n\r\n");
  REQUIRE(head);
  CHECK(head->find("Content-Type: text/event-stream\r\n") != std::string::npos);
  CHECK(c.read_to(event_end("order", 3)));
  change(4);
  CHECK(c.read_to(event_end("order", 4)));
  change(5, order_status::completed);
  CHECK(c.read_to(event_end("order", 5)));
  CHECK(c.read_to("\r\n0\r\n\r\n"));
  CHECK(waits("order_stream", 0));
}

TEST_CASE_FIXTURE(waiting_shop, "a cancelled order's stream goes on until its refund") {
  auto c = ask("/orders/c1/stream");
  REQUIRE(c.read_to(event_end("order", 3)));
  auto cancelled = version_of(now, 4, order_status::cancelled);
  cancelled.payment = payment_status::refund_pending;
  waiting().orders.changed(cancelled);
  REQUIRE(c.read_to("}\n\n\r\n"));
  CHECK(c.read_to(event_end("order", 4)));
  CHECK(c.read_to("}\n\n\r\n"));
  CHECK(c.silent(50ms));
  cancelled.version = 5;
  cancelled.payment = payment_status::refunded;
  waiting().orders.changed(cancelled);
  CHECK(c.read_to(event_end("order", 5)));
  CHECK(c.read_to("\r\n0\r\n\r\n"));
}

TEST_CASE_FIXTURE(waiting_shop, "resumed at the present version it is silent until a change") {
  auto c = ask("/orders/c1/stream", "Last-Event-ID: 3\r\n");
  REQUIRE(c.read_to("\r\n\r\n"));
  CHECK(c.silent(50ms));
  now = version_of(now, 4);
  change(4);
  CHECK(c.read_to(event_end("order", 4)));
  auto older = ask("/orders/c1/stream", "Last-Event-ID: 1\r\n");
  CHECK(older.read_to(event_end("order", 4)));
  auto odd = ask("/orders/c1/stream", "Last-Event-ID: x\r\n");
  CHECK(odd.read_to(event_end("order", 4)));
}

TEST_CASE_FIXTURE(waiting_shop, "who comes later is not told what another node has changed since") {
  auto c = ask("/orders/c1/stream");
  REQUIRE(c.read_to(event_end("order", 3)));
  now = version_of(now, 4); // of which nothing is heard here
  auto later = ask("/orders/c1/stream");
  const auto told = later.read_to(event_end("order", 4));
  REQUIRE(told);
  CHECK(told->find(event_end("order", 3)) == std::string::npos);
  CHECK(c.read_to(event_end("order", 4)));
  auto known = ask("/orders/c1", "If-None-Match: \"4\"\r\nPrefer: wait=30\r\n");
  CHECK(known.silent(50ms));
}

TEST_CASE_FIXTURE(waiting_shop, "a view that began before a client came is too old for it") {
  std::promise<void> both_wait;
  answers.view = [&, older = now](const std::string&, const std::string&) -> caf::result<order> {
    if (++views > 1)
      return now;
    both_wait.get_future().wait();
    return older;
  };
  auto c = ask("/orders/c1/stream");
  await_views(1);
  now = version_of(now, 4);
  auto later = ask("/orders/c1/stream");
  CHECK(waits("order_stream", 2));
  // Whose place is counted before it is entered.
  CHECK(later.silent(50ms));
  both_wait.set_value();
  CHECK(c.read_to(event_end("order", 3)));
  const auto told = later.read_to(event_end("order", 4));
  REQUIRE(told);
  CHECK(told->find(event_end("order", 3)) == std::string::npos);
}

TEST_CASE_FIXTURE(waiting_shop, "a view that a change has overtaken is not sent after it") {
  answers.view = [this, older = now](const std::string&, const std::string&) -> caf::result<order> {
    change(4);
    return older;
  };
  auto c = ask("/orders/c1/stream");
  REQUIRE(c.read_to(event_end("order", 4)));
  REQUIRE(c.read_to("\n\n\r\n"));
  CHECK(c.silent(50ms));
}

TEST_CASE("a silent stream sends a comment from time to time") {
  waiting_shop s(quick(10, 50ms));
  auto order = s.ask("/orders/c1/stream", "Last-Event-ID: 3\r\n");
  auto notices = s.ask("/notifications/stream");
  for (int i = 0; i < 3; ++i) {
    CHECK(order.read_to("3\r\n:\n\n\r\n"));
    CHECK(notices.read_to("3\r\n:\n\n\r\n"));
  }
}

TEST_CASE_FIXTURE(waiting_shop, "a slow reader skips versions, never the newest") {
  now.shipping_address = R"({"note":")" + std::string(20'000, 'x') + "\"}";
  auto c = ask("/orders/c1/stream");
  REQUIRE(c.read_to(event_end("order", 3)));
  for (int32_t version = 4; version <= 2000; ++version)
    change(version);
  size_t bytes = 0;
  const auto until = "id: 2000\n";
  while (const auto some = c.read_to("}\n\n\r\n")) {
    bytes += some->size();
    if (some->find(until) != std::string::npos)
      break;
  }
  CHECK(bytes > 0);
  CHECK(bytes < 2000UL * 20'000);
  change(2001, order_status::completed);
  CHECK(c.read_to(event_end("order", 2001)));
}

TEST_CASE_FIXTURE(waiting_shop, "an end lets everybody go in order") {
  auto c = poll();
  auto order = ask("/orders/c1/stream");
  auto notices = ask("/notifications/stream");
  REQUIRE(order.read_to(event_end("order", 3)));
  REQUIRE(notices.read_to("\r\n\r\n"));
  CHECK(waits("order_poll"));
  await_views(1);
  CHECK(c.silent(50ms));
  waiting().close();
  CHECK(c.receive()->status == 304);
  CHECK(order.read_to("\r\n0\r\n\r\n"));
  CHECK(notices.read_to("0\r\n\r\n"));
  CHECK(poll().receive()->status == 503);
}
