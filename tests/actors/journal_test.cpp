// The orders' journal and its outbox on the coordinator, with the orders database in memory.

#include "actors/order_journal.hpp"
#include "tests/support/fake_order_store.hpp"
#include "tests/support/order_house.hpp"
#include "tests/support/stage.hpp"

#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

/// What outlives the actors.
struct journal_world {
  timestamp now{std::chrono::hours(24 * 365 * 50)};
  std::shared_ptr<fake_orders> store = fake_orders::make([this] { return now; });
  std::vector<publication> published;

  /// Every event so far, in the order of publishing.
  std::vector<position> positions() const {
    std::vector<position> all;
    for (const auto& p : published)
      for (const auto& e : p.events)
        all.push_back(e.at);
    return all;
  }
};

struct journal_house : journal_world, stage {
  using pending = decltype(std::declval<stage&>().send(std::declval<order_journal&>(),
                                                       std::declval<write_set>()));

  journal_house() {
    publisher = keep(
        sys.spawn([w = static_cast<journal_world*>(this)]() -> publisher_actor::behavior_type {
          return {[w](publication& p) { w->published.push_back(std::move(p)); }};
        }));
    reader = store->store(99);
    reader->connect(); // takes stream 1: the journals' come after it
  }

  journal_worker journal(journal_options options = {}) {
    return keep(sys.spawn(journal_behavior,
                          std::make_shared<std::unique_ptr<order_store>>(store->store()), publisher,
                          options, &count));
  }

  static write_set creation(const std::string& id) {
    auto request = draft(id);
    return {request.draft, decide_creation(request.draft, deadlines{}, {}), std::nullopt};
  }
  static write_set creation(int i) { return creation("o" + std::to_string(i)); }

  /// Cancels an order that has just been created.
  static write_set cancellation(const std::string& id) {
    auto made = creation(id);
    auto current = apply(made.current, made.step, timestamp{});
    order_command cancel;
    cancel.verb = order_verb::cancel;
    return {current, *decide(current, cancel, deadlines{}).step, std::nullopt};
  }

  std::vector<pending> send_creations(const journal_worker& to, int from, int count) {
    std::vector<pending> all;
    for (int i = from; i < from + count; ++i)
      all.push_back(send(order_journal(to), creation(i)));
    return all;
  }

  void create(const journal_worker& by, int from, int count) {
    auto all = send_creations(by, from, count);
    run();
    for (auto& p : all)
      CHECK(outcome_of(p) == commit_outcome::committed);
  }

  commit_outcome outcome_of(pending& p) {
    auto result = answer_of<commit_result>(p);
    return result ? result->outcome : commit_outcome::failed;
  }

  void report(const journal_worker& to, const std::vector<position>& rows) { self->send(to, rows); }

  position watermark(int64_t stream) { return reader->log().watermark(stream); }

  publisher_actor publisher;
  std::unique_ptr<order_store> reader;
};

constexpr std::chrono::seconds a_second{1};

} // namespace

TEST_CASE_FIXTURE(journal_house, "concurrent creations share commits, 256 at most") {
  auto j = journal();
  create(j, 0, 300);
  CHECK(store->commits() == 2);
  CHECK(store->all().size() == 300);
  CHECK(count.text().find("troupe_journal_batch_size_bucket{le=\"128\"} 1") != std::string::npos);
  auto all = positions();
  CHECK(all.size() == 300);
  CHECK(std::is_sorted(all.begin(), all.end()));
}

TEST_CASE_FIXTURE(journal_house, "a batch holds at most one step of an order, in their order") {
  auto j = journal();
  auto first = send(order_journal(j), creation("o1"));
  auto second = send(order_journal(j), cancellation("o1"));
  auto other = send(order_journal(j), creation("o2"));
  run();
  CHECK(outcome_of(first) == commit_outcome::committed);
  CHECK(outcome_of(second) == commit_outcome::committed);
  CHECK(outcome_of(other) == commit_outcome::committed);
  CHECK(store->commits() == 2);
  CHECK(store->all().front().status == order_status::cancelled);
}

TEST_CASE_FIXTURE(journal_house, "a batch is bounded in bytes") {
  journal_options small;
  small.batch_bytes = 10'000;
  auto j = journal(small);
  create(j, 0, 100);
  CHECK(store->commits() > 5);
}

TEST_CASE_FIXTURE(journal_house, "a batch lost before its commit is written after all, once") {
  auto j = journal();
  store->fail_next_commit(fake_orders::trouble::lost_before);
  auto all = send_creations(j, 0, 3);
  pass(a_second);
  for (auto& p : all)
    CHECK(outcome_of(p) == commit_outcome::committed);
  CHECK(store->journal_rows() == 3);
  CHECK(store->commits() == 1);
  CHECK(positions().size() == 3);
}

TEST_CASE_FIXTURE(journal_house,
                  "a batch lost after its commit is acknowledged, not written again") {
  auto j = journal();
  store->fail_next_commit(fake_orders::trouble::lost_after);
  auto all = send_creations(j, 0, 3);
  pass(a_second);
  for (auto& p : all)
    CHECK(outcome_of(p) == commit_outcome::committed);
  CHECK(store->journal_rows() == 3);
  CHECK(store->commits() == 1);
  CHECK(positions().size() == 3); // from the old stream, which is an orphan now
  report(j, positions());
  pass(a_second);
  CHECK(store->drained(2));
}

TEST_CASE_FIXTURE(journal_house, "nobody is answered before the outcome is known") {
  auto j = journal();
  store->fail_next_commit(fake_orders::trouble::lost_after);
  auto first = send(order_journal(j), creation("o1"));
  run();
  store->set_down(true);
  auto later = send(order_journal(j), creation("o2"));
  pass(std::chrono::seconds(20));
  CHECK(published.empty());
  CHECK(store->journal_rows() == 1);
  store->set_down(false);
  pass(std::chrono::seconds(3));
  CHECK(outcome_of(first) == commit_outcome::committed);
  CHECK(outcome_of(later) == commit_outcome::committed);
  CHECK(store->journal_rows() == 2);
}

TEST_CASE_FIXTURE(journal_house, "a database that cannot serve now is tried again") {
  auto j = journal();
  store->fail_next_commit(fake_orders::trouble::wait);
  store->fail_next_commit(fake_orders::trouble::wait);
  auto one = send(order_journal(j), creation("o1"));
  pass(a_second);
  CHECK(outcome_of(one) == commit_outcome::committed);
  CHECK(store->journal_rows() == 1);
}

TEST_CASE_FIXTURE(journal_house, "past the bound of the line the answer is busy") {
  journal_options few;
  few.waiting = 2;
  auto j = journal(few);
  store->set_down(true);
  auto first = send(order_journal(j), creation("o1"));
  auto second = send(order_journal(j), creation("o2"));
  run();
  CHECK(fault_of(ask<commit_result>(order_journal(j), creation("o3"))) == troupe::fault::busy);
  store->set_down(false);
  pass(std::chrono::seconds(3));
  CHECK(outcome_of(first) == commit_outcome::committed);
  CHECK(outcome_of(second) == commit_outcome::committed);
}

TEST_CASE_FIXTURE(journal_house, "a fenced journal writes nothing more and says so") {
  auto j = journal();
  store->fence(1);
  CHECK(fault_of(ask<commit_result>(order_journal(j), creation("o1")))
        == troupe::fault::unavailable);
  CHECK(store->journal_rows() == 0);
}

TEST_CASE_FIXTURE(journal_house,
                  "whoever waits is answered when a journal is fenced with a batch in doubt") {
  auto j = journal();
  store->fail_next_commit(fake_orders::trouble::lost_before);
  auto in_doubt = send(order_journal(j), creation("o1"));
  run();
  store->fence(1);
  auto in_line = send(order_journal(j), creation("o2"));
  pass(a_second);
  for (auto* each : {&in_doubt, &in_line})
    CHECK(fault_of(answer_of<commit_result>(*each)) == troupe::fault::unavailable);
}

TEST_CASE_FIXTURE(journal_house, "the watermark passes only rows that are all delivered") {
  auto j = journal();
  create(j, 0, 3);
  auto all = positions();
  REQUIRE(all.size() == 3);
  CHECK(published[0].owner == caf::actor_cast<outbox_owner>(j));
  auto none = watermark(2);
  report(j, {all[1], all[2]});
  pass(a_second);
  CHECK(watermark(2) == none);
  report(j, {all[0]});
  pass(a_second);
  CHECK(watermark(2) == all[2]);
}

TEST_CASE_FIXTURE(journal_house, "past its limit the outbox forgets, and reads its journal again") {
  journal_options narrow;
  narrow.outbox.events = 10;
  narrow.outbox.page = 3;
  auto j = journal(narrow);
  for (int i = 0; i < 40; i += 4)
    create(j, i, 4);
  CHECK(positions().size() < 20);
  CHECK(store->all().size() == 40); // orders go on
  for (int round = 0; round < 100; ++round) {
    report(j, positions()); // those of earlier rounds are known already
    pass(std::chrono::milliseconds(200));
    if (round == 50)
      create(j, 40, 1);
  }
  auto all = positions();
  CHECK(all.size() == 41);
  CHECK(std::is_sorted(all.begin(), all.end()));
  CHECK(watermark(2) == all.back());
}

TEST_CASE_FIXTURE(journal_house, "the stream of a journal that died is published by the next one") {
  auto j = journal();
  create(j, 0, 3);
  auto before = published.front().events;
  report(j, {before[0].at});
  pass(a_second);
  caf::anon_send_exit(j, caf::exit_reason::kill);
  run();
  published.clear();
  auto next = journal();
  pass(a_second);
  auto again = positions();
  REQUIRE(again.size() == 2); // above the watermark
  CHECK(event_id(published.front().events.front()) == event_id(before[1]));
  CHECK_FALSE(store->drained(2));
  report(next, again);
  pass(a_second);
  CHECK(store->drained(2));
  CHECK(watermark(2) == again.back());
}

TEST_CASE_FIXTURE(journal_house,
                  "the streams of a fenced node are adopted, published and drained") {
  auto gone = store->store(7);
  gone->connect(); // stream 2
  std::vector<write_set> sets{creation("o1"), creation("o2")};
  gone->commit(sets);
  auto j = journal();
  pass(std::chrono::seconds(6));
  CHECK(published.empty()); // it lives
  store->fence(7);
  pass(std::chrono::seconds(6));
  CHECK(positions().size() == 2);
  report(j, positions());
  pass(a_second);
  CHECK(store->drained(2));
}
