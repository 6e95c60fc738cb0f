#pragma once
// Reads of the orders database: loads and repeats are gathered in the mailbox and served many in
// one query. Blocks in its session, so production spawns it detached.

#include "actors/crew.hpp"

namespace troupe {

/// What the readers answer: orders, and what idempotency keys were used for.
using order_library
    = order_reader::extend<caf::replies_to<view_atom, idempotency>::with<earlier_use>>;

using order_reader_actor = order_library::extend<caf::reacts_to<flush_atom>>;

class order_reader_state {
public:
  using self_ptr = order_reader_actor::stateful_pointer<order_reader_state>;
  static inline const char* name = "order_reader";

  /// Orders in one query at most.
  static constexpr size_t max_batch = 256;
  /// Loads in line; the next is told `busy`.
  static constexpr size_t max_waiting = 20'000;

  void start(self_ptr self, std::unique_ptr<order_queries> queries, publisher_actor publisher);
  caf::result<loaded_order> load(std::string&& id);
  caf::result<earlier_use> earlier(std::string&& scope);
  void publish_again(std::string&& id);
  void flush();
  caf::result<order_list> list(const order_filter& by);
  caf::result<order_figures> figures();
  bool ping();
  void abandon(const caf::error& why);

private:
  void schedule_flush();
  void serve_loads();
  void serve_keys();
  void serve_repeats();

  self_ptr self_ = nullptr;
  std::unique_ptr<order_queries> queries_;
  publisher_actor publisher_;
  std::vector<std::pair<std::string, caf::typed_response_promise<loaded_order>>> loads_;
  std::vector<std::pair<std::string, caf::typed_response_promise<earlier_use>>> keys_;
  std::vector<std::string> repeats_;
  bool flushing_ = false;
};

order_reader_actor::behavior_type
order_reader_behavior(order_reader_state::self_ptr self,
                      const std::shared_ptr<std::unique_ptr<order_queries>>& queries,
                      publisher_actor publisher);

using order_reader_router
    = order_library::extend<caf::replies_to<view_atom, std::string, std::string>::with<order>,
                            caf::reacts_to<tick_atom>>;

struct order_reader_router_state {
  static inline const char* name = "order_readers";
  order_reader_router::pointer self = nullptr;
  crew<order_library, order_reader_router> readers;

  caf::result<order> view(std::string&& id, std::string&& user);
};

/// Outlives its readers: makes them again when they die.
order_reader_router::behavior_type
order_reader_router_behavior(order_reader_router::stateful_pointer<order_reader_router_state> self,
                             size_t size, crew<order_library, order_reader_router>::maker make);

} // namespace troupe
