// Clients that wait for notifications: none missing, none twice, in few queries.

#include "waiting_shop.hpp"

#include <doctest/doctest.h>

#include <future>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

TEST_CASE_FIXTURE(waiting_shop, "new notifications are streamed to their user only") {
  auto ann = ask("/notifications/stream", "X-User-Id: ann\r\n");
  auto bob = ask("/notifications/stream?userId=bob");
  REQUIRE(ann.read_to("\r\n\r\n"));
  REQUIRE(bob.read_to("\r\n\r\n"));
  tell({notice_of("ann", 7), notice_of("ann", 9), notice_of("eve", 8)});
  CHECK(ann.read_to(event_end("notification", 7)));
  CHECK(ann.read_to(event_end("notification", 9)));
  CHECK(bob.silent(50ms));
}

TEST_CASE_FIXTURE(waiting_shop, "notifications are resumed oldest first, whole, in pages") {
  std::vector<notification> many;
  for (int64_t seq = 1; seq <= 500; ++seq)
    many.push_back(notice_of("ann", seq));
  tell(many);
  auto c = ask("/notifications/stream", "X-User-Id: ann\r\nLast-Event-ID: 3\r\n");
  const auto head = c.read_to(event_end("notification", 4));
  REQUIRE(head);
  CHECK(head->find("id: 3\n") == std::string::npos);
  for (int64_t seq = 5; seq <= 500; ++seq)
    REQUIRE(c.read_to(event_end("notification", seq)));
  tell({notice_of("ann", 501)});
  CHECK(c.read_to(event_end("notification", 501)));
}

TEST_CASE_FIXTURE(waiting_shop, "many who wait are read for in few queries") {
  std::vector<client> all;
  std::vector<notification> fresh;
  for (int i = 0; i < 90; ++i) {
    const auto user = "u" + std::to_string(i);
    all.push_back(ask("/notifications/stream?userId=" + user));
    REQUIRE(all.back().read_to("\r\n\r\n"));
    fresh.push_back(notice_of(user, i + 1));
  }
  CHECK(waits("notification_stream", 90));
  tell(fresh);
  for (int i = 0; i < 90; ++i)
    CHECK(all[static_cast<size_t>(i)].read_to(event_end("notification", i + 1)));
  const std::lock_guard lock(mutex);
  CHECK(fruitful <= 4);
}

TEST_CASE_FIXTURE(waiting_shop, "what is told while it is read for is read too") {
  const auto feed = answers.feed;
  answers.feed = [this, feed, first = true](const std::vector<notification_cursor>& after) mutable {
    auto page = feed(after);
    if (std::exchange(first, false)) // committed after this read, and before its answer
      tell({notice_of("ann", 8)});
    return page;
  };
  told = {notice_of("ann", 7)};
  auto c = ask("/notifications/stream", "X-User-Id: ann\r\nLast-Event-ID: 0\r\n");
  CHECK(c.read_to(event_end("notification", 7)));
  CHECK(c.read_to(event_end("notification", 8)));
}

TEST_CASE_FIXTURE(waiting_shop, "what another node has written is read when it says for whom") {
  told = {notice_of("ann", 1), notice_of("bob", 2)};
  auto ann = ask("/notifications/stream", "X-User-Id: ann\r\nLast-Event-ID: 0\r\n");
  auto bob = ask("/notifications/stream", "X-User-Id: bob\r\nLast-Event-ID: 0\r\n");
  REQUIRE(ann.read_to(event_end("notification", 1)));
  REQUIRE(ann.read_to("\n\n\r\n")); // and the end of its chunk
  REQUIRE(bob.read_to(event_end("notification", 2)));
  REQUIRE(bob.read_to("\n\n\r\n"));
  {
    const std::lock_guard lock(mutex);
    told.push_back(notice_of("ann", 7));
    told.push_back(notice_of("bob", 8));
  }
  waiting().notifications.added_elsewhere({"eve"});
  CHECK(ann.silent(50ms));
  waiting().notifications.added_elsewhere({"eve", "ann"});
  CHECK(ann.read_to(event_end("notification", 7)));
  CHECK(bob.silent(50ms));
  waiting().notifications.doubtful_all();
  CHECK(bob.read_to(event_end("notification", 8)));
}

TEST_CASE_FIXTURE(waiting_shop, "a page that comes late, of a node before, repeats nothing") {
  std::promise<void> asked, late;
  const auto feed = answers.feed;
  answers.feed = [&, first = true](const std::vector<notification_cursor>& after) mutable {
    if (std::exchange(first, false)) {
      asked.set_value();
      late.get_future().wait();
    }
    return feed(after);
  };
  told = {notice_of("ann", 1), notice_of("ann", 2)};
  auto c = ask("/notifications/stream", "X-User-Id: ann\r\nLast-Event-ID: 0\r\n");
  asked.get_future().wait();
  open();
  CHECK(c.read_to(event_end("notification", 2)));
  REQUIRE(c.read_to("}\n\n\r\n"));
  late.set_value();
  CHECK(c.silent(50ms));
}
