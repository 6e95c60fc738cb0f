#pragma once
// One live order: runs one command at a time against the lifecycle, journals the step, and only
// then changes and answers. Commands that come meanwhile wait in a bounded line. Views do not: they
// are answered by the store, for what is being committed may already have been seen in a list.
// Spawned by its shard only. Whoever waits for it when it ends is answered `unavailable`.

#include "actors/interfaces.hpp"
#include "actors/lease.hpp"
#include "actors/observers.hpp"
#include "actors/peers.hpp"
#include "actors/shard_directory.hpp"

#include <chrono>
#include <functional>
#include <list>
#include <memory>

namespace troupe {

/// What every order of a node shares.
struct order_context {
  order_journal journal;
  order_reader reader;
  order_key_reader keys;
  committed_orders committed;
  payment_pool payments;
  deadlines within;
  std::chrono::milliseconds payment_wait{10000}; ///< then a payer gets "still unknown"
  std::function<timestamp()> clock;
  std::shared_ptr<const lease> mine = lease::unlimited();
  order_observer* observer = nullptr; ///< may be null; outlives the orders
  std::shared_ptr<shard_directory> shards = shard_directory::alone();
  peer_orders peers{}; ///< null: there are no other nodes
};
using order_context_ptr = std::shared_ptr<const order_context>;

class order_state {
public:
  using self_ptr = order_actor::stateful_pointer<order_state>;
  using answer_promise = caf::typed_response_promise<order_answer>;
  static inline const char* name = "order";

  /// How many commands, and how many payers, may wait; the next is told `busy`.
  static constexpr size_t max_waiting = 64;
  /// How often a command is judged again on fresh state; then it is told `busy`.
  static constexpr int max_reloads = 5;

  void start(self_ptr self, order initial, order_context_ptr context);
  caf::result<order> view(std::string&& user);
  caf::result<order_answer> command(order_request&& request);
  caf::result<create_answer> create(create_request&& request);
  bool rest();
  caf::result<bool> leave(order_door next_owner);
  /// Payers of `attempt` that still wait are told that its outcome is unknown.
  void wait_is_over(int32_t attempt);
  /// Answers everybody who waits: CAF drops the promises of an ending actor silently.
  void abandon(const caf::error& why);

private:
  struct job {
    order_request request;
    std::optional<answer_promise> reply; ///< none: the order's own command
    int reloads = 0;
  };

  void tell_observer() const;
  bool mine(const std::string& user) const { return user.empty() || user == current_.user_id; }
  void submit(job what);
  void run(job what);
  void look_up_key();
  void replay(const earlier_use& earlier);
  void judge();
  void join();
  void commit(order_decision decided);
  void committed(order_decision decided, const commit_result& result);
  void retry_on_fresh_state();
  void settle_creation(create_request request, const commit_result& result);
  void follow(follow_up what, const order_request& cause);
  void charge_outcome_known(const charge_outcome& outcome, bool by_worker,
                            const std::string& traceparent);
  void finish();
  void fail(const caf::error& why);
  void answer_payers(bool pending);
  void next();
  void depart();
  void tell_next_owner(order_request outcome);
  void stop(const caf::error& why);
  charge charge_of_attempt(const order_request& cause) const;

  self_ptr self_ = nullptr;
  order_context_ptr context_;
  order current_;           ///< as of the last commit
  bool committing_ = false; ///< the active command waits for the database; others wait in line
  // There may be many orders in memory, and few do something: these hold nothing while they do not.
  std::unique_ptr<job> active_;
  std::optional<caf::typed_response_promise<create_answer>> creating_;
  std::list<job> line_;
  std::vector<answer_promise> payers_; ///< wait for the running attempt
  bool charging_ = false; ///< it was begun here, and nobody was told yet that its end is unknown

  /// The order goes to another node.
  struct departure {
    order_door next_owner;
    caf::typed_response_promise<bool> gone;
    bool departed = false; ///< nothing is written here any more
  };
  std::unique_ptr<departure> leaving_;
};

/// `initial`: as loaded, or only an id with version 0, to be created.
order_actor::behavior_type order_behavior(order_state::self_ptr self, order initial,
                                          order_context_ptr context);

} // namespace troupe
