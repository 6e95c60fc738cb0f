#pragma once
// The end of a run: asks the server for everything that it was made to promise, waits until it has
// come to rest, and has it judged.

#include "sim/scene.hpp"
#include "sim/task.hpp"
#include "sim/verdict.hpp"

#include <map>
#include <optional>
#include <string>

namespace troupe::sim {

/// Every user of the run, and the stock of its products; what is wrong goes into the ledger. What
/// may heal is waited for until `deadline`, or until all are woken.
task<> check_everything(scene& of, const std::map<std::string, product_count>& before,
                        load_loop::time_point deadline);

/// GET /inventory of the run's products; nothing without an answer.
task<std::optional<std::map<std::string, product_count>>> count_stock(scene& of);

/// For people: what the server says of an order now, and what it has told us.
task<std::string> tell_history(scene& of, const std::string& order);

} // namespace troupe::sim
