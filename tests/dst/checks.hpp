#pragma once
// The promises of docs/architecture.md, checked at the end of a run over the books alone and over
// what the customers were told.

#include "tests/dst/customers.hpp"

namespace troupe::dst {

/// Nothing is left to be done: every order has ended or waits for the admin, everything is
/// published, consumed and mailed.
bool at_rest(const world& in);

/// Every promise that the books break.
std::vector<violation> broken_promises(const world& in, const customers& who);

} // namespace troupe::dst
