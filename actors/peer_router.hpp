#pragma once
// The way to other nodes: one connection to the gate of each peer, by its incarnation. A request
// for a peer that is not connected fails at once; one whose answer does not come fails after a
// while, or as soon as the connection is lost. Whoever asked may then ask again: every command may
// be repeated. Source: "Shards and nodes" in docs/architecture.md.

#include "actors/backoff.hpp"
#include "actors/ending.hpp"
#include "actors/peers.hpp"
#include "telemetry/metrics.hpp"

#include <functional>
#include <map>
#include <unordered_map>

namespace troupe {

/// Connects to "host:port" and answers with the gate that is published there; blocks nobody. What
/// it fails with is for the log.
using connector_actor
    = caf::typed_actor<caf::replies_to<caf::connect_atom, std::string>::with<cluster_gate_actor>>;

/// One peer, as GET /cluster shows it.
struct peer_state {
  enum class link : uint8_t { connecting, connected, other_protocol };

  int64_t incarnation = 0;
  std::string name, address;
  link now = link::connecting;
  size_t in_flight = 0; ///< requests without an answer
};
std::string_view to_string(peer_state::link l);

/// `again_atom`, from itself: time to connect to that incarnation. `tick_atom`, from itself: time
/// to look for answers that are overdue.
using peer_router_actor
    = peer_orders::extend<caf::reacts_to<change_notice>, caf::reacts_to<again_atom, int64_t>,
                          caf::reacts_to<tick_atom>,
                          caf::replies_to<list_atom>::with<std::vector<peer_state>>>;

struct peer_options {
  int64_t me = 0; ///< this node's own incarnation
  std::chrono::milliseconds view_limit{3000};
  std::chrono::milliseconds command_limit{15000}; ///< longer than a paying client waits
  std::chrono::milliseconds tick{250}; ///< between two looks for answers that are overdue
  std::chrono::milliseconds connect_limit{5000};
  std::chrono::milliseconds first_delay{100},
      longest_delay{2000};      ///< before a try to connect again
  size_t most_in_flight = 4096; ///< requests to one peer; more are `busy`

  // Called on the router; must not block. Any may be empty.
  std::function<void(int64_t)> lost;     ///< the connection to this incarnation broke
  std::function<void(int64_t)> gone;     ///< it is no member any more: it commits no more
  std::function<void(size_t)> connected; ///< to so many, from now on
};

class peer_router_state {
public:
  using self_ptr = peer_router_actor::stateful_pointer<peer_router_state>;
  static inline const char* name = "peer_router";

  void start(self_ptr self, connector_actor connector, peer_options options, metrics& count);
  const peer_options& options() const { return options_; }

  void update(const std::vector<cluster_member>& members);
  void connect(int64_t to);
  /// Hands `message` to the gate of `to`, and its answer to whoever asked.
  template <class Answer, class... Message>
  caf::result<Answer> forward(int64_t to, std::chrono::milliseconds limit, Message... message);
  void moved(int64_t to, int32_t shard, const shard_place& now);
  void tell_all(const change_notice& notice);
  /// Gives up what has been waited for too long.
  void tick();
  std::vector<peer_state> list() const;
  void down(const caf::down_msg& gone);
  /// Answers all that wait.
  void end();

private:
  using clock_time = caf::actor_clock::time_point;

  struct call {
    caf::response_promise reply;
    clock_time until; ///< then it is given up
  };

  struct peer {
    cluster_member who;
    backoff delay;
    prometheus::Gauge* load = nullptr;
    cluster_gate_actor gate = {}; ///< null: not connected
    uint64_t attempt = 0;         ///< the one that is under way; 0: none
    bool said = false;            ///< that it cannot be reached
    std::unordered_map<caf::message_id, call> waiting = {};
  };

  void meet(const cluster_member& m);
  bool goes_first(const peer& p) const;
  void found(peer& p, const cluster_gate_actor& gate);
  void missed(peer& p, const caf::error& why);
  void try_again(peer& p);
  void part_from(peer& p);
  peer* find(int64_t incarnation);
  peer* connected(int64_t incarnation);
  /// The peer, if `attempt` to connect to it is still the current one.
  peer* attempting(int64_t incarnation, uint64_t attempt);
  /// The promise of a request, unless it was answered when the connection broke.
  std::optional<caf::response_promise> take(int64_t from, caf::message_id request);
  void await(peer& p, caf::message_id request, std::chrono::milliseconds limit,
             const caf::response_promise& reply);
  void give_up(caf::message_id request);
  void refused(int64_t from, caf::message_id request, const caf::error& why);
  void drop(peer& p);
  void count_connected();

  self_ptr self_ = nullptr;
  connector_actor connector_;
  peer_options options_;
  metrics* count_ = nullptr;
  std::map<int64_t, peer> peers_;                   ///< by incarnation
  std::map<std::string, cluster_member> strangers_; ///< of another protocol, by name
  uint64_t last_attempt_ = 0;
  bool ticking_ = false;
};

template <class Answer, class... Message>
caf::result<Answer> peer_router_state::forward(int64_t to, std::chrono::milliseconds limit,
                                               Message... message) {
  auto* p = connected(to);
  if (p == nullptr)
    return make_fault(fault::unavailable);
  if (p->waiting.size() >= options_.most_in_flight)
    return make_fault(fault::busy);
  auto reply = self_->template make_response_promise<Answer>();
  // Without CAF's own time limit, which wakes the clock's thread twice for each request.
  const auto sent = self_->request(p->gate, caf::infinite, std::move(message)...);
  const auto request = sent.id();
  await(*p, request, limit, reply);
  sent.then(
      [this, to, request](Answer& answer) {
        if (auto waits = take(to, request))
          waits->deliver(std::move(answer));
      },
      [this, to, request](const caf::error& why) { refused(to, request, why); });
  return reply;
}

/// `count` outlives it.
peer_router_actor::behavior_type peer_router_behavior(peer_router_state::self_ptr self,
                                                      connector_actor connector,
                                                      peer_options options, metrics* count);

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::peer_state)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<troupe::peer_state>)
