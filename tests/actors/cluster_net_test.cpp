// Two nodes in one process, over CAF's middleman on loopback: plain, and with TLS.

#include "actors/cluster_gate.hpp"
#include "actors/cluster_net.hpp"
#include "domain/endpoint.hpp"
#include "tests/support/fake_gates.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

namespace {

/// A port of loopback that nobody had a moment ago.
uint16_t unused_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  close(fd);
  return ntohs(at.sin_port);
}

cluster_net_options on_loopback() {
  cluster_net_options options;
  options.bind = "127.0.0.1";
  options.port = unused_port();
  return options;
}

bool within(std::chrono::milliseconds limit, const std::function<bool()>& so) {
  for (const auto until = steady::now() + limit; steady::now() < until;
       std::this_thread::sleep_for(5ms))
    if (so())
      return true;
  return so();
}

struct echo_state {
  static inline const char* name = "echo_orders";
};

/// Orders of a node: every command succeeds, but eve's.
local_orders::behavior_type echo_orders(local_orders::stateful_pointer<echo_state> /*self*/) {
  return {
      [](local_atom, view_atom, const std::string& id, const std::string&) { return named(id); },
      [](local_atom, const order_request& r) -> caf::result<order_answer> {
        if (r.user_id == "eve")
          return make_fault(fault::wrong_state, "it is PAID");
        return order_answer{named(r.order_id), true};
      },
      [](local_atom, const create_request& r) { return create_answer{r.draft}; },
      [](local_atom, diagnose_atom, const std::string&) { return presence::live; },
      [](moved_atom, int32_t, const shard_place&) {},
  };
}

struct hearing : order_observer {
  void changed(const order& /*now*/) override {}
  void doubtful(const std::string& /*order_id*/) override { ++doubts; }
  void doubtful_all() override { ++doubts_of_all; }
  std::atomic<int> doubts = 0, doubts_of_all = 0;
};

/// A node as far as the network goes: its gate is open, and it looks for its peers.
class small_node {
public:
  small_node(int64_t incarnation, const cluster_net_options& options) : options_(options) {
    add_cluster_net(config_, options);
    system_ = std::make_unique<caf::actor_system>(config_);
    orders_ = system_->spawn(echo_orders);
    gate_ = system_->spawn(cluster_gate_behavior, orders_, static_cast<order_observer*>(&heard),
                           static_cast<notification_observer*>(nullptr));
    REQUIRE(publish_gate(*system_, gate_, options));
    connector_ = system_->spawn(connector_behavior);
    peer_options how;
    how.me = incarnation;
    how.connected = [this](size_t n) { connected = n; };
    how.lost = [this](int64_t) { ++lost; };
    router_ = system_->spawn(peer_router_behavior, connector_, how, &count_);
  }

  ~small_node() { stop(); }

  /// All of it ends, as when its process does.
  void stop() {
    if (!system_)
      return;
    unpublish_gate(*system_, gate_, options_.port);
    for (const auto& who :
         {caf::actor_cast<caf::actor>(router_), caf::actor_cast<caf::actor>(gate_),
          caf::actor_cast<caf::actor>(orders_), caf::actor_cast<caf::actor>(connector_)})
      caf::anon_send_exit(who, caf::exit_reason::kill);
    router_ = nullptr;
    gate_ = nullptr;
    orders_ = nullptr;
    connector_ = nullptr;
    system_.reset();
  }

  /// The peer with that incarnation is there.
  void meet(int64_t incarnation, const cluster_net_options& there) {
    cluster_member m;
    m.incarnation = incarnation;
    m.name = "n" + std::to_string(incarnation);
    m.address = endpoint{there.bind, there.port}.text();
    caf::anon_send(router_, peers_atom::value, std::vector<cluster_member>{m});
  }

  template <class Answer, class... Message>
  caf::expected<Answer> ask(Message... message) {
    caf::scoped_actor self{*system_};
    caf::expected<Answer> result = caf::make_error(caf::sec::none);
    self->request(router_, 10s, std::move(message)...)
        .receive([&](Answer& a) { result = std::move(a); },
                 [&](caf::error& e) { result = std::move(e); });
    return result;
  }

  hearing heard;
  std::atomic<size_t> connected = 0;
  std::atomic<int> lost = 0;

  void tell(change_notice news) { caf::anon_send(router_, std::move(news)); }

private:
  cluster_net_options options_;
  metrics count_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  local_orders orders_;
  cluster_gate_actor gate_;
  connector_actor connector_;
  peer_router_actor router_;
};

order_request pay(const std::string& id, const std::string& user = "ada") {
  order_request r;
  r.order_id = id;
  r.user_id = user;
  return r;
}

/// PEM files that go with the test: an authority, a certificate of it, and a stranger's own.
class certificates {
public:
  certificates() {
    std::filesystem::create_directories(folder_);
    const std::string curve = " -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    made_ = run("req -x509" + curve + " -subj /CN=authority" + pair("authority"))
            && run("req -x509" + curve + " -subj /CN=node -CA " + file("authority.pem") + " -CAkey "
                   + file("authority.key") + pair("node"))
            && run("req -x509" + curve + " -subj /CN=stranger" + pair("stranger"));
  }
  ~certificates() { std::filesystem::remove_all(folder_); }
  certificates(const certificates&) = delete;
  certificates& operator=(const certificates&) = delete;

  bool made() const { return made_; }

  cluster_net_options with(const std::string& name, const std::string& authority) const {
    auto options = on_loopback();
    options.certificate = file(name + ".pem");
    options.key = file(name + ".key");
    options.authority = file(authority + ".pem");
    return options;
  }

private:
  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  std::string pair(const std::string& name) const {
    return " -keyout " + file(name + ".key") + " -out " + file(name + ".pem");
  }
  static bool run(const std::string& arguments) {
    return std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str()) == 0;
  }

  std::filesystem::path folder_
      = std::filesystem::temp_directory_path() / ("troupe-tls-" + std::to_string(getpid()));
  bool made_ = false;
};

} // namespace

TEST_CASE("two nodes answer for each other, and notice when one ends") {
  const auto here = on_loopback(), there = on_loopback();
  small_node one(1, here);
  auto two = std::make_unique<small_node>(2, there);
  one.meet(2, there);
  two->meet(1, here);
  REQUIRE(within(5s, [&] { return one.connected == 1 && two->connected == 1; }));

  CHECK(one.lost + two->lost == 0); // neither gave its connection up for the other's
  const auto answer = one.ask<order_answer>(int64_t{2}, pay("o1"));
  REQUIRE(answer);
  CHECK(answer->now.id == "o1");
  CHECK(answer->pending);
  CHECK(two->ask<order>(int64_t{1}, view_atom::value, std::string("o2"), std::string())->id
        == "o2");
  CHECK(one.ask<create_answer>(int64_t{2}, create_request{named("o3"), {}, {}})->now.id == "o3");
  CHECK(*one.ask<presence>(int64_t{2}, diagnose_atom::value, std::string("o4")) == presence::live);
  const auto refused = one.ask<order_answer>(int64_t{2}, pay("o1", "eve"));
  REQUIRE_FALSE(refused);
  CHECK(troupe::fault_of(refused.error()) == troupe::fault::wrong_state);
  CHECK(detail_of(refused.error()) == "it is PAID");
  one.tell({{"o5"}, {}, false});
  CHECK(within(1s, [&] { return two->heard.doubts == 1; }));
  CHECK(two->heard.doubts_of_all == 1); // as the connection was made

  two->stop();
  CHECK(within(1s, [&] { return one.lost == 1; }));
  CHECK(one.connected == 0);
  CHECK(troupe::fault_of(one.ask<order_answer>(int64_t{2}, pay("o1")).error())
        == troupe::fault::unavailable);

  small_node again(2, there);
  CHECK(within(5s, [&] { return one.connected == 1; }));
  CHECK(one.ask<order_answer>(int64_t{2}, pay("o6")));
}

TEST_CASE("an incarnation's gate follows the one before at the same address") {
  const auto there = on_loopback();
  small_node one(1, on_loopback());
  for (int64_t incarnation : {2, 3}) {
    REQUIRE(within(5s, [&] { return one.connected == 0; })); // the one before is gone
    small_node two(incarnation, there);
    one.meet(incarnation, there);
    CHECK(within(5s, [&] { return one.connected == 1; }));
    CHECK(one.ask<order_answer>(incarnation, pay("o1")));
  }
}

TEST_CASE("nodes whose machines look alike have names of their own") {
  caf::actor_system_config first, second;
  add_cluster_net(first, on_loopback());
  add_cluster_net(second, on_loopback());
  caf::actor_system one(first), two(second);
  // The last byte of the host's part CAF counts up itself, within one process.
  const auto host = [](const caf::actor_system& s) { return to_string(s.node()).substr(0, 38); };
  CHECK(host(one) != host(two));
}

TEST_CASE("a gate waits a while for its port") {
  const auto there = on_loopback();
  const int taken = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(there.port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(bind(taken, reinterpret_cast<sockaddr*>(&at), sizeof(at)) == 0);
  REQUIRE(listen(taken, 1) == 0);
  const std::jthread later([taken] {
    std::this_thread::sleep_for(300ms);
    close(taken);
  });
  const small_node two(2, there); // fails where it cannot open its gate
  small_node one(1, on_loopback());
  one.meet(2, there);
  CHECK(within(5s, [&] { return one.connected == 1; }));
}

TEST_CASE("with TLS, nodes whose certificates the authority has signed talk to each other") {
  const certificates made;
  if (!made.made()) {
    MESSAGE("openssl is not there: skipped");
    return;
  }
  const auto there = made.with("node", "authority");
  small_node one(1, made.with("node", "authority")), two(2, there);
  one.meet(2, there);
  REQUIRE(within(5s, [&] { return one.connected == 1; }));
  CHECK(one.ask<order_answer>(int64_t{2}, pay("o1"))->now.id == "o1");
  CHECK(troupe::fault_of(one.ask<order_answer>(int64_t{2}, pay("o1", "eve")).error())
        == troupe::fault::wrong_state);
}

TEST_CASE("without a certificate of the authority nobody gets in") {
  const certificates made;
  if (!made.made()) {
    MESSAGE("openssl is not there: skipped");
    return;
  }
  const auto there = made.with("node", "authority");
  small_node node(1, there);
  small_node stranger(2, made.with("stranger", "authority")); // trusts us, we do not trust it
  small_node plain(3, on_loopback());
  stranger.meet(1, there);
  plain.meet(1, there);
  std::this_thread::sleep_for(1500ms);
  CHECK(stranger.connected == 0);
  CHECK(plain.connected == 0);
  CHECK(node.heard.doubts_of_all == 0);
  small_node friendly(4, made.with("node", "authority")); // the gate has survived them
  friendly.meet(1, there);
  CHECK(within(5s, [&] { return friendly.connected == 1; }));
}
