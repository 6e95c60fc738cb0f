#pragma once
// What the order service says when an order takes a step: the events of the contract, and the
// message that the customer reads in the history. Used by lifecycle.cpp only.
// Source: "Events" in docs/api.md.

#include "domain/lifecycle.hpp"

#include <string>

namespace troupe::order_events {

/// order-created of a draft. Throws `std::invalid_argument` when its address is not a JSON object.
event created(const order& draft, const std::string& traceparent);

/// Fills in message and events of `step`, whose statuses are set, as `command` makes it from
/// `before`.
void tell(order_step& step, const order& before, const order_command& command);

} // namespace troupe::order_events
