// The way to other nodes: what comes back, and what does not.

#include "actors/peer_router.hpp"
#include "tests/support/fake_gates.hpp"
#include "tests/support/stage.hpp"

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

cluster_member member(int64_t incarnation, int32_t protocol = cluster_protocol) {
  cluster_member m;
  m.incarnation = incarnation;
  m.name = "n" + std::to_string(incarnation);
  m.address = "h" + std::to_string(incarnation) + ":1";
  m.protocol = protocol;
  return m;
}

order_request pay(const std::string& id) {
  order_request r;
  r.order_id = id;
  return r;
}

/// Node 1, with a gate of node 2 that answers.
struct peers_house : stage {
  peers_house() {
    options.me = 1;
    options.most_in_flight = 3;
    options.lost = [this](int64_t who) { lost.push_back(who); };
    options.gone = [this](int64_t who) { gone.push_back(who); };
    options.connected = [this](size_t n) { connected.push_back(n); };
    gate_of_second = gate(second);
    net->gates.emplace("h2:1", gate_of_second);
  }

  ~peers_house() {
    self->send_exit(router(), caf::exit_reason::user_shutdown); // before those that it tells
    run();
    for (const auto& book : {second, third})
      book->kept.clear();
    net->gates.clear();
  }

  fake_gate_actor gate(const std::shared_ptr<gate_book>& book) {
    return keep(sys.spawn(fake_gate, book));
  }

  peer_router_actor router() {
    if (!router_)
      router_
          = keep(sys.spawn(peer_router_behavior,
                           connector_actor(keep(sys.spawn(fake_connector, net))), options, &count));
    return router_;
  }

  void members(std::vector<cluster_member> all) {
    self->send(router(), peers_atom::value, std::move(all));
    run();
  }

  template <class Pending>
  troupe::fault fault_in(Pending&& pending) {
    return test::fault_of(answer_of<order_answer>(pending));
  }

  std::vector<peer_state> list() {
    return *ask<std::vector<peer_state>>(router(), list_atom::value);
  }

  double in_flight(const std::string& node) {
    return count.gauge("troupe_peer_in_flight", "", {{"node", node}}).Value();
  }

  double unanswered(const std::string& why) {
    return count.counter("troupe_peer_unanswered_total", "", {{"why", why}}).Value();
  }

  std::shared_ptr<gate_book> second = std::make_shared<gate_book>(),
                             third = std::make_shared<gate_book>();
  fake_gate_actor gate_of_second;
  std::shared_ptr<fake_net> net = std::make_shared<fake_net>();
  peer_options options;
  std::vector<int64_t> lost, gone;
  std::vector<size_t> connected;

private:
  peer_router_actor router_;
};

using words = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(peers_house, "a request goes to its owner, and its answer comes back") {
  members({member(1), member(2)});
  CHECK(
      ask<order>(router(), int64_t{2}, view_atom::value, std::string("o1"), std::string("ada"))->id
      == "o1");
  CHECK(ask<order_answer>(router(), int64_t{2}, pay("o2"))->now.id == "o2");
  CHECK(ask<create_answer>(router(), int64_t{2}, create_request{named("o3"), {}, {}})->now.id
        == "o3");
  CHECK(*ask<presence>(router(), int64_t{2}, diagnose_atom::value, std::string("o4"))
        == presence::live);
  CHECK(second->asked == words{"view o1 of ada", "command o2", "create o3", "diagnose o4"});
  CHECK(in_flight("n2") == 0);
  CHECK(net->tries.count("h1:1") == 0); // itself
}

TEST_CASE_FIXTURE(peers_house, "a fault of the peer comes through with its detail") {
  members({member(2)});
  second->refusal = make_fault(troupe::fault::not_owner, "moved");
  const auto refused = ask<order_answer>(router(), int64_t{2}, pay("o1"));
  CHECK(test::fault_of(refused) == troupe::fault::not_owner);
  CHECK(detail_of(refused.error()) == "moved");
  second->refusal = caf::make_error(caf::sec::runtime_error);
  CHECK(test::fault_of(ask<order_answer>(router(), int64_t{2}, pay("o1")))
        == troupe::fault::unavailable);
}

TEST_CASE_FIXTURE(peers_house, "who is not connected is unavailable at once") {
  members({member(2), member(3)});
  for (const int64_t owner : {3, 4, 0})
    CHECK(test::fault_of(ask<order_answer>(router(), owner, pay("o1")))
          == troupe::fault::unavailable);
  CHECK(second->asked.empty());
  CHECK(connected.back() == 1);
}

TEST_CASE_FIXTURE(peers_house,
                  "a peer that cannot be reached is tried again, less and less often") {
  members({member(3)});
  CHECK(net->tries["h3:1"] == 1);
  pass(1s); // after 100, 200, 400 ms
  CHECK(net->tries["h3:1"] == 4);
  pass(20s); // then every 2 s
  CHECK(net->tries["h3:1"] <= 15);
  net->gates.emplace("h3:1", gate(third));
  pass(2100ms);
  CHECK(test::fault_of(ask<order_answer>(router(), int64_t{3}, pay("o1"))) == troupe::fault::none);
}

TEST_CASE_FIXTURE(peers_house, "of two nodes that meet the older connects first") {
  options.me = 5;
  members({member(2)});
  CHECK(net->tries.empty());
  pass(options.first_delay + 20ms);
  CHECK(list().front().now == peer_state::link::connected);
}

TEST_CASE_FIXTURE(peers_house, "an answer that does not come is unavailable when its time is up") {
  members({member(2)});
  second->silent = true;
  auto view = send(router(), int64_t{2}, view_atom::value, std::string("o1"), std::string());
  auto command = send(router(), int64_t{2}, pay("o1"));
  run();
  CHECK(in_flight("n2") == 2);
  pass(options.view_limit + options.tick + 20ms);
  CHECK(in_flight("n2") == 1);
  CHECK(test::fault_of(answer_of<order>(view)) == troupe::fault::unavailable);
  pass(options.command_limit - options.view_limit);
  CHECK(fault_in(command) == troupe::fault::unavailable);
  CHECK(in_flight("n2") == 0);
  CHECK(unanswered("time_out") == 2);
  self->send(gate_of_second, flush_atom::value); // nobody waits for it any more
  run();
}

TEST_CASE_FIXTURE(peers_house, "past the bound of requests in flight the peer is busy") {
  members({member(2)});
  second->silent = true;
  std::vector<decltype(send(router(), int64_t{2}, pay("")))> waiting;
  waiting.reserve(3);
  for (int i = 0; i < 3; ++i)
    waiting.push_back(send(router(), int64_t{2}, pay("o")));
  run();
  CHECK(test::fault_of(ask<order_answer>(router(), int64_t{2}, pay("o"))) == troupe::fault::busy);
  self->send(gate_of_second, flush_atom::value);
  second->silent = false;
  run();
  CHECK(test::fault_of(ask<order_answer>(router(), int64_t{2}, pay("o"))) == troupe::fault::none);
  CHECK(list().front().in_flight == 0);
}

TEST_CASE_FIXTURE(peers_house, "a connection that breaks answers all at once, and is made again") {
  members({member(2)});
  second->silent = true;
  auto waits = send(router(), int64_t{2}, pay("o1"));
  run();
  self->send_exit(net->gates.at("h2:1"), caf::exit_reason::kill);
  net->gates.at("h2:1") = gate(third);
  run();
  CHECK(fault_in(waits) == troupe::fault::unavailable);
  CHECK(lost == std::vector<int64_t>{2});
  CHECK(unanswered("lost") == 1);
  CHECK(in_flight("n2") == 0);
  CHECK(list().front().now == peer_state::link::connecting);
  CHECK(test::fault_of(ask<order_answer>(router(), int64_t{2}, pay("o1")))
        == troupe::fault::unavailable);
  pass(150ms);
  CHECK(test::fault_of(ask<order_answer>(router(), int64_t{2}, pay("o1"))) == troupe::fault::none);
  CHECK(third->asked == words{"command o1"});
  CHECK(connected == std::vector<size_t>{0, 1, 0, 1});
}

TEST_CASE_FIXTURE(peers_house,
                  "another protocol is not spoken, nobody is found without an address") {
  auto apart = member(5);
  apart.address.clear();
  net->gates.emplace("h3:1", gate(third));
  members({member(2), member(3, cluster_protocol + 1), apart});
  members({member(2), member(3, cluster_protocol + 1), apart});
  CHECK(net->tries.size() == 1);
  const auto all = list();
  REQUIRE(all.size() == 2);
  CHECK(all[0].now == peer_state::link::connected);
  CHECK(all[1].name == "n3");
  CHECK(all[1].now == peer_state::link::other_protocol);
  members({member(2), member(3)});
  CHECK(list()[1].now == peer_state::link::connected);
}

TEST_CASE_FIXTURE(peers_house, "who is no member any more is given up") {
  members({member(2)});
  second->silent = true;
  auto waits = send(router(), int64_t{2}, pay("o1"));
  run();
  members({});
  CHECK(fault_in(waits) == troupe::fault::unavailable);
  CHECK(gone == std::vector<int64_t>{2});
  CHECK(list().empty());
  self->send_exit(net->gates.at("h2:1"), caf::exit_reason::kill);
  pass(1s);
  CHECK(lost.empty());
  CHECK(net->tries["h2:1"] == 1);
  CHECK(count.gauge("troupe_peers_connected", "").Value() == 0);
}

TEST_CASE_FIXTURE(peers_house, "a connection that comes too late is not used") {
  members({member(3)});
  members({});
  net->gates.emplace("h3:1", gate(third));
  pass(1s);
  CHECK(list().empty());
  CHECK(third->news.empty());
}

TEST_CASE_FIXTURE(peers_house,
                  "news goes to every peer; the first says that anything may have changed") {
  net->gates.emplace("h3:1", gate(third));
  members({member(2), member(3)});
  self->send(router(), change_notice{{"o1"}, {"ada"}, false});
  run();
  for (const auto& book : {second, third}) {
    REQUIRE(book->news.size() == 2);
    CHECK(book->news[0].all);
    CHECK(book->news[1].orders == words{"o1"});
    CHECK(book->news[1].users == words{"ada"});
  }
}

TEST_CASE_FIXTURE(peers_house, "a new owner hears of its shard ahead of the commands for it") {
  members({member(2)});
  self->send(router(), moved_atom::value, int64_t{2}, int32_t{7}, shard_place{2, 5});
  auto answer = send(router(), int64_t{2}, pay("o1"));
  run();
  CHECK(fault_in(answer) == troupe::fault::none);
  CHECK(second->asked == words{"moved 7 to 2 epoch 5", "command o1"});
  self->send(router(), moved_atom::value, int64_t{9}, int32_t{7}, shard_place{9, 6}); // to nobody
  run();
  CHECK(second->asked.size() == 2);
}

TEST_CASE_FIXTURE(peers_house, "a router that ends answers all that wait") {
  members({member(2)});
  second->silent = true;
  auto waits = send(router(), int64_t{2}, pay("o1"));
  run();
  self->send_exit(router(), caf::exit_reason::user_shutdown);
  run();
  CHECK(fault_in(waits) == troupe::fault::unavailable);
}
