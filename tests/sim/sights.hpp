#pragma once
// Orders as the server would answer them, for tests of the ledger and the verdict.

#include "domain/lifecycle.hpp"
#include "sim/verdict.hpp"

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <string>

namespace troupe::sim::test {

inline const std::string ada = "ada";
inline const std::vector<sighted_line> two_pens = {{"pen", 2, 150}};

/// An order of Ada's wish "w1" after these steps.
nlohmann::json order_json(const std::string& id, std::initializer_list<order_status> steps,
                          payment_status payment);
order_sight sight(const std::string& id, std::initializer_list<order_status> steps,
                  payment_status payment);

nlohmann::json notification_json(const std::string& id, const std::string& order,
                                 const std::string& title);

/// A server that has kept its promises to Ada: one wish, one paid and confirmed order, all told.
struct honest_shop {
  ledger book;
  final_answers now;
  honest_shop();

  std::vector<violation> verdict() const { return judge_user(book, ada, now); }
  /// The server's order, listed and asked for.
  void is(const order_sight& s);
};

/// The promises broken, in order: "lost answer, stuck order".
std::string promises(const std::vector<violation>& found);

} // namespace troupe::sim::test
