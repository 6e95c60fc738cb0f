#pragma once
// Applies events to the stock, many orders in one transaction: what comes while one batch commits
// is the next. Owns one database session and its outbox and blocks in it, so production spawns it
// detached. Behind `inventory_pool`, so an order's events always meet the same worker; one more of
// its own writes the owner's edits for the catalogue.
// Source: "Stock" in docs/protocols.md.

#include "actors/crew.hpp"
#include "actors/outbox.hpp"

#include <memory>

namespace troupe {

using inventory_worker
    = event_handler::extend<caf::reacts_to<flush_atom>, caf::reacts_to<tick_atom>,
                            caf::reacts_to<std::vector<position>>,
                            caf::replies_to<edit_atom, product_edit>::with<product_answer>>;

class inventory_worker_state {
public:
  using self_ptr = inventory_worker::stateful_pointer<inventory_worker_state>;
  static inline const char* name = "inventory_worker";

  /// Events in one transaction at most.
  static constexpr size_t max_batch = 256;

  void start(self_ptr self, std::unique_ptr<inventory_store> store,
             const publisher_actor& publisher);
  caf::result<consumed> take(incoming_event&& e);
  caf::result<product_answer> edit(const product_edit& e);
  void flush();
  void tick();
  void move_watermark();
  void delivered(const std::vector<position>& rows) { outbox_->delivered(rows); }
  void abandon(const caf::error& why);

private:
  using promise = caf::typed_response_promise<consumed>;

  std::vector<consumed> apply(const std::vector<stock_input>& inputs);
  void publish(std::vector<stock_result::answer>& events);
  void step_down_if_fenced(const store_error& e);

  self_ptr self_ = nullptr;
  std::unique_ptr<inventory_store> store_;
  std::unique_ptr<outbox> outbox_;
  std::vector<stock_input> inputs_;
  std::vector<promise> replies_; ///< of what is being applied, then of `inputs_`
  bool flushing_ = false;
  int ticks_ = 0;
};

inventory_worker::behavior_type
inventory_worker_behavior(inventory_worker_state::self_ptr self,
                          const std::shared_ptr<std::unique_ptr<inventory_store>>& store,
                          const publisher_actor& publisher);

} // namespace troupe
