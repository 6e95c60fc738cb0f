#pragma once
// Turns the events that the order service consumes into commands for orders: the effect is
// committed, and the offset may move on, when the order has answered. Keeps nothing but who waits,
// so that one that dies is simply made again; behind an event pool, which does that.

#include "actors/interfaces.hpp"

#include <map>

namespace troupe {

class order_inbox_state {
public:
  using self_ptr = event_handler::stateful_pointer<order_inbox_state>;
  static inline const char* name = "order_inbox";

  void start(self_ptr self, order_door orders);
  caf::result<consumed> take(const incoming_event& e);
  void abandon(const caf::error& why);

private:
  using consumed_promise = caf::typed_response_promise<consumed>;

  void tell(order_request what);
  void answer(uint64_t number, consumed what);

  self_ptr self_ = nullptr;
  order_door orders_;
  std::map<uint64_t, consumed_promise> waiting_; ///< by a number of our own
  uint64_t last_number_ = 0;
};

event_handler::behavior_type order_inbox_behavior(order_inbox_state::self_ptr self,
                                                  const order_door& orders);

} // namespace troupe
