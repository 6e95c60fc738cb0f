// What is committed on one node reaches who waits on another: the gate, and what is gathered for
// it.

#include "actors/change_exchange.hpp"
#include "actors/cluster_gate.hpp"
#include "tests/support/fake_gates.hpp"
#include "tests/support/stage.hpp"

#include <algorithm>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

using words = std::vector<std::string>;

/// Who waits on this node: what they were told.
struct waiting_here : order_observer, notification_observer {
  void changed(const order& now) override { heard.push_back("changed " + now.id); }
  void doubtful(const std::string& order_id) override { heard.push_back("doubt " + order_id); }
  void added(const std::vector<notification>& fresh) override {
    heard.push_back("new for " + fresh.front().user_id);
  }
  void added_elsewhere(const std::vector<std::string>& users) override {
    for (const auto& user : users)
      heard.push_back("elsewhere for " + user);
  }
  void doubtful_all() override { heard.emplace_back("doubt all"); }

  words heard;
};

struct few_orders_state {
  static inline const char* name = "few_orders";
};

/// The orders of this node: they note what they were asked.
local_orders::behavior_type few_orders(local_orders::stateful_pointer<few_orders_state> /*self*/,
                                       const std::shared_ptr<gate_book>& book) {
  return {
      [](local_atom, view_atom, const std::string& id, const std::string&) { return named(id); },
      [](local_atom, const order_request& r) -> caf::result<order_answer> {
        if (r.user_id == "eve")
          return make_fault(fault::not_owner, "look again");
        return order_answer{named(r.order_id)};
      },
      [](local_atom, const create_request& r) { return create_answer{r.draft}; },
      [](local_atom, diagnose_atom, const std::string&) { return presence::resting; },
      [book](moved_atom, int32_t shard, const shard_place& now) {
        book->asked.push_back("moved " + std::to_string(shard) + " to "
                              + std::to_string(now.owner));
      },
  };
}

struct gate_house : waiting_here, stage {
  std::shared_ptr<gate_book> book = std::make_shared<gate_book>();
  cluster_gate_actor gate = keep(
      sys.spawn(cluster_gate_behavior, local_orders(keep(sys.spawn(few_orders, book))),
                static_cast<order_observer*>(this), static_cast<notification_observer*>(this)));
};

/// Outlives the actors.
struct exchanging : waiting_here {
  change_exchange changes{*this, *this};
};

/// What is gathered goes to a gate of another node.
struct exchange_house : exchanging, stage {
  exchange_house() {
    changes.peers(1);
    peer_options options;
    net->gates.emplace("h2:1", keep(sys.spawn(fake_gate, other)));
    router
        = keep(sys.spawn(peer_router_behavior,
                         connector_actor(keep(sys.spawn(fake_connector, net))), options, &count));
    cluster_member m;
    m.incarnation = 2;
    m.address = "h2:1";
    self->send(router, peers_atom::value, std::vector<cluster_member>{m});
    teller = keep(sys.spawn(change_teller_behavior, &changes, router, 10ms));
    pass(6s); // past the first notices, and the time limit of the connection
    other->news.clear();
  }
  ~exchange_house() override { net->gates.clear(); }

  std::shared_ptr<gate_book> other = std::make_shared<gate_book>();
  std::shared_ptr<fake_net> net = std::make_shared<fake_net>();
  peer_router_actor router;
  change_teller_actor teller;
};

notification notice_for(const std::string& user) {
  notification n;
  n.user_id = user;
  return n;
}

} // namespace

TEST_CASE_FIXTURE(gate_house, "what peers ask goes to the orders of this node") {
  CHECK(ask<order>(gate, view_atom::value, std::string("o1"), std::string())->id == "o1");
  order_request r;
  r.order_id = "o2";
  CHECK(ask<order_answer>(gate, r)->now.id == "o2");
  CHECK(ask<create_answer>(gate, create_request{named("o3"), {}, {}})->now.id == "o3");
  CHECK(*ask<presence>(gate, diagnose_atom::value, std::string("o4")) == presence::resting);
  r.user_id = "eve";
  const auto refused = ask<order_answer>(gate, r);
  CHECK(test::fault_of(refused) == troupe::fault::not_owner);
  CHECK(detail_of(refused.error()) == "look again");
}

TEST_CASE_FIXTURE(gate_house, "a shard that has moved is told on, if there is such a shard") {
  for (const int32_t shard : {-1, shard_count, 7})
    self->send(gate, moved_atom::value, shard, shard_place{3, 4});
  run();
  CHECK(book->asked == words{"moved 7 to 3"});
}

TEST_CASE_FIXTURE(gate_house, "what peers have changed is told to who waits here") {
  self->send(gate, change_notice{{"o1", "o2"}, {"ada"}, false});
  run();
  CHECK(heard == words{"doubt o1", "doubt o2", "elsewhere for ada"});
  heard.clear();
  self->send(gate, change_notice{{}, {}, true});
  run();
  CHECK(heard == words{"doubt all", "doubt all"}); // orders, notifications
  heard.clear();
  self->send(gate, change_notice{words(max_notice + 1, "o"), {}, false});
  run();
  CHECK(heard == words{"doubt all", "doubt all"});
}

TEST_CASE_FIXTURE(exchange_house, "commits are told here at once, and to peers in one notice") {
  changes.changed(named("o1"));
  changes.changed(named("o1"));
  changes.doubtful("o2");
  changes.added({notice_for("ada"), notice_for("bob")});
  CHECK(heard == words{"changed o1", "changed o1", "doubt o2", "new for ada"});
  run();
  CHECK(other->news.empty()); // more may come
  pass(20ms);
  REQUIRE(other->news.size() == 1);
  auto news = other->news.front();
  std::sort(news.orders.begin(), news.orders.end());
  std::sort(news.users.begin(), news.users.end());
  CHECK(news.orders == words{"o1", "o2"});
  CHECK(news.users == words{"ada", "bob"});
  CHECK_FALSE(news.all);
  pass(100ms);
  CHECK(other->news.size() == 1);
  CHECK_FALSE(time.has_pending_timeout()); // nothing to tell: no timer
  changes.changed(named("o3"));
  pass(20ms);
  CHECK(other->news.size() == 2);
}

TEST_CASE_FIXTURE(exchange_house, "too many at once: anything may have changed") {
  for (size_t i = 0; i < 2 * max_notice; ++i)
    changes.changed(named("o" + std::to_string(i)));
  pass(20ms);
  REQUIRE(other->news.size() == 1);
  CHECK(other->news.front().all);
  CHECK(other->news.front().orders.empty());
}

TEST_CASE_FIXTURE(exchange_house, "without peers nothing is gathered") {
  changes.peers(0);
  changes.changed(named("o1"));
  CHECK(heard == words{"changed o1"});
  pass(20ms);
  CHECK(other->news.empty());
  CHECK(changes.take().orders.empty());
}

TEST_CASE_FIXTURE(exchange_house, "what came while the teller was made again is not lost") {
  self->send_exit(teller, caf::exit_reason::user_shutdown);
  run();
  changes.changed(named("o1"));
  keep(sys.spawn(change_teller_behavior, &changes, router, 10ms));
  pass(20ms);
  REQUIRE(other->news.size() == 1);
  CHECK(other->news.front().all);
}

TEST_CASE_FIXTURE(exchange_house, "what others have committed is not told on") {
  changes.added_elsewhere({"ada"});
  changes.doubtful_all();
  CHECK(heard == words{"elsewhere for ada", "doubt all", "doubt all"});
  pass(20ms);
  CHECK(other->news.empty());
}
