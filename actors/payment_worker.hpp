#pragma once
// Charges, settles and refunds: every step is committed before the gateway is asked and after it
// has answered, many steps in one transaction. The gateway is asked asynchronously, so a slow one
// holds no other order up. Owns one database session and its outbox and blocks in it, so production
// spawns it detached. Behind the payment pool, so an order's money always meets the same worker.
// Source: "Money" in docs/protocols.md.

#include "actors/backoff.hpp"
#include "actors/crew.hpp"
#include "actors/outbox.hpp"
#include "outside/payment_gateway.hpp"
#include "persistence/payment_store.hpp"

#include <map>
#include <memory>
#include <set>

namespace troupe {

using payment_worker = payment_pool::extend<
    caf::reacts_to<flush_atom>, caf::reacts_to<tick_atom>, caf::reacts_to<std::vector<position>>,
    caf::reacts_to<std::string, gateway_reply>, // an attempt's key, and how it ended there
    caf::reacts_to<std::string, refund_reply>>; // likewise of its refund

struct payment_options {
  size_t batch = 256;    ///< steps in one transaction at most
  size_t at_once = 4096; ///< attempts in work; the next is told `busy`
  std::chrono::milliseconds refund_lease{30000};
  std::chrono::milliseconds refund_retry{2000}; ///< doubles up to a minute
};

class payment_worker_state {
public:
  using self_ptr = payment_worker::stateful_pointer<payment_worker_state>;
  static inline const char* name = "payment_worker";

  void start(self_ptr self, std::unique_ptr<payment_store> store,
             std::shared_ptr<payment_gateway> gateway, const publisher_actor& publisher,
             payment_options options, size_t index, size_t of);
  caf::result<charge_outcome> take_charge(charge&& what);
  caf::result<charge_outcome> take_settle(charge&& what);
  caf::result<consumed> take_event(incoming_event&& e);
  void gateway_answered(const std::string& key, const gateway_reply& reply);
  void refund_answered(const std::string& key, const refund_reply& reply);
  void flush();
  void tick();
  void move_watermark();
  void delivered(const std::vector<position>& rows) { outbox_->delivered(rows); }
  void abandon(const caf::error& why);

private:
  using outcome_promise = caf::typed_response_promise<charge_outcome>;
  using consumed_promise = caf::typed_response_promise<consumed>;

  /// An attempt that somebody waits for.
  struct job {
    charge what;
    bool may_charge = false; ///< a live charge with its card; else it is voided or learnt
    std::vector<outcome_promise> waiting;
  };

  struct cancellation {
    std::string order_id;
    std::string traceparent;
    consumed_promise reply;
  };

  /// What cancelled orders need.
  struct refund_plan {
    std::vector<payment_write> begin;  ///< refunds to be committed
    std::vector<std::string> answered; ///< orders whose payment-refunded is published again
    std::set<std::string> settling;    ///< orders with an attempt that has to be settled first
  };

  caf::result<charge_outcome> take(charge&& what, bool may_charge);
  void queue(payment_write::kind what, payment_attempt attempt,
             std::chrono::milliseconds delay = {});
  void schedule_flush();
  void write_steps();
  void written(const payment_write& step, const payment_result& result);
  void begun(const std::string& key, const payment_result& result);
  void ask_gateway(const std::string& key, const job& j, bool charge_it);
  void answer(const std::string& key, const charge_outcome& outcome);
  void cancel_orders();
  void plan_refund(const payment_attempt& a, refund_plan& plan);
  void settle(const payment_attempt& a);
  void start_refunds();
  void recover_abandoned();
  void store_failed(const store_error& e);

  self_ptr self_ = nullptr;
  std::unique_ptr<payment_store> store_;
  std::shared_ptr<payment_gateway> gateway_;
  std::unique_ptr<outbox> outbox_;
  payment_options options_;
  size_t index_ = 0, workers_ = 1;
  std::map<std::string, job> jobs_;                                    ///< by charge key
  std::map<std::string, std::pair<payment_attempt, backoff>> refunds_; ///< by refund key
  std::vector<payment_write> steps_;
  std::vector<cancellation> cancellations_;
  bool flushing_ = false;
  int ticks_ = 0;
  std::string abandoned_; ///< key of the last one that the sweep has seen; empty: from the first
  backoff delay_{std::chrono::milliseconds(50), std::chrono::seconds(2)};
};

payment_worker::behavior_type
payment_worker_behavior(payment_worker_state::self_ptr self,
                        const std::shared_ptr<std::unique_ptr<payment_store>>& store,
                        std::shared_ptr<payment_gateway> gateway, const publisher_actor& publisher,
                        payment_options options, size_t index, size_t of);

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::refund_reply)
