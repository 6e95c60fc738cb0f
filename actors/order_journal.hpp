#pragma once
// Group commit of orders: while one batch commits, the next gathers in the mailbox; no timer.
// The worker owns one database session and its outbox and blocks in it, so production spawns it
// detached. The router pins each shard to one worker.
// Source: "Group commit" in docs/protocols.md.

#include "actors/backoff.hpp"
#include "actors/crew.hpp"
#include "actors/outbox.hpp"
#include "telemetry/metrics.hpp"

#include <deque>

namespace troupe {

using journal_worker = order_journal::extend<caf::reacts_to<flush_atom>, caf::reacts_to<tick_atom>,
                                             caf::reacts_to<std::vector<position>>>;
using journal_router = order_journal::extend<caf::reacts_to<tick_atom>>;

struct journal_options {
  size_t batch = 256;                    ///< write sets in one transaction at most
  size_t batch_bytes = 1U << 20;         ///< likewise
  size_t waiting = 10'000;               ///< write sets in line; the next is told `busy`
  std::chrono::milliseconds tick{200};   ///< watermarks, while something was delivered
  std::chrono::milliseconds sweep{5000}; ///< orphan streams
  outbox_limits outbox;
};

class journal_state {
public:
  using self_ptr = journal_worker::stateful_pointer<journal_state>;
  static inline const char* name = "order_journal";

  void start(self_ptr self, std::unique_ptr<order_store> store, const publisher_actor& publisher,
             journal_options options, metrics& count);
  caf::result<commit_result> submit(write_set&& set);
  void flush();
  void tick();
  void move_watermark();
  void delivered(const std::vector<position>& rows);
  void abandon(const caf::error& why);

private:
  using promise = caf::typed_response_promise<commit_result>;

  struct pending {
    write_set set;
    promise reply;
  };

  void gather();
  void commit_gathered();
  void settle();
  void return_to_line(size_t i);
  void clear_batch();
  void failed(const store_error& e);
  void schedule_flush(std::chrono::milliseconds delay = {});

  self_ptr self_ = nullptr;
  std::unique_ptr<order_store> store_;
  std::unique_ptr<outbox> outbox_;
  journal_options options_;
  std::deque<pending> line_;
  std::vector<write_set> sets_;  ///< the batch: being committed, or of unknown outcome
  std::vector<promise> replies_; ///< of `sets_`
  bool unsettled_ = false;       ///< `sets_` were sent and the connection broke
  bool flushing_ = false;        ///< a flush is on its way
  caf::actor_clock::time_point next_sweep_{};
  backoff delay_{std::chrono::milliseconds(50), std::chrono::seconds(2)};
  prometheus::Histogram* batch_size_ = nullptr;
  prometheus::Counter* committed_ = nullptr;
};

journal_worker::behavior_type
journal_behavior(journal_state::self_ptr self,
                 const std::shared_ptr<std::unique_ptr<order_store>>& store,
                 const publisher_actor& publisher, journal_options options, metrics* count);

struct journal_router_state {
  static inline const char* name = "order_journals";
  crew<journal_worker, journal_router> workers;
};

journal_router::behavior_type
journal_router_behavior(journal_router::stateful_pointer<journal_router_state> self, size_t size,
                        crew<journal_worker, journal_router>::maker make);

} // namespace troupe
