#pragma once
// A customer's story, from the first page to the delivered order; all that is drawn comes from the
// customer's own seed.

#include "domain/chance.hpp"
#include "sim/shop.hpp"

#include <string>
#include <vector>

namespace troupe::sim {

/// How the pieces of a catalogue are spread: Zipf, from its weights.
class popularity {
public:
  popularity(size_t products, double exponent);
  size_t draw(chance& dice) const;

private:
  std::vector<double> sums_;
};

class customer {
public:
  /// `number` names the customer and, with the scene's seed, decides what happens.
  customer(scene& of, const popularity& taste, int64_t number);

  /// Comes once; the visit was due at `intended`.
  task<> visit(load_loop::time_point intended);
  /// Comes again and again until the run is over.
  task<> keep_coming();

private:
  using milliseconds = std::chrono::milliseconds;

  task<> browse();
  task<bool> order_something();
  task<> pay();
  task<told> try_to_pay(std::string card, bool chargeable);
  task<> regret();
  task<> follow();
  task<> poll(bool waits);
  task<> listen();
  task<> think();
  task<> try_again_later(int tries);
  std::vector<sighted_line> choose();
  milliseconds patience();
  std::string new_key();
  bool happens(int64_t percent) { return dice_.percent(static_cast<int>(percent)); }
  bool stays(load_loop::time_point until) const;

  scene& scene_;
  const popularity& taste_;
  chance dice_;
  shop shop_;
  shop::followed order_;
  int visits_ = 0, keys_ = 0;
};

/// Comes at `intended` and goes.
task<> come_once(scene& of, const popularity& taste, int64_t number,
                 load_loop::time_point intended);
/// Comes again and again until the run is over.
task<> keep_coming(scene& of, const popularity& taste, int64_t number, load_loop::time_point first);
/// Dispatches and delivers the orders of the run that fall to worker `index` of `count`.
task<> work_as_operator(scene& of, int64_t index, int64_t count);

} // namespace troupe::sim
