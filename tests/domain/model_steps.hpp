#pragma once
// The steps that may follow a world, through the real decide functions: those of the order, of
// inventory and of Kafka are in model_steps.cpp, those of the payment service in model_payment.cpp.

#include "tests/domain/model_world.hpp"

#include <string_view>

namespace model {

class steps {
public:
  steps(const world& w, const rules& r, std::vector<happening>& out) : now_(w), r_(r), out_(out) {}

  void all();

private:
  void add(const world& after, const char* what, cause why);
  static void emit(world& w, kind k) { w.copies[k] = 2; }
  static void emit_cancelled(world& w);

  // The order.

  /// Runs a command through decide() and apply(). Says whether anything was committed.
  bool command(world& w, troupe::order_verb v, int attempt);
  void wish(troupe::order_verb v, const char* what, int cost);
  void wishes();
  void pass_deadline();
  /// All events of the order so far; without the rule only those of its present state.
  void republish(world& w);

  // The payment service.

  /// The charge reaches the gateway, which has its own mind unless it knows the key.
  template <class Then>
  void charge(const attempt_world& a, Then then);
  void replace(int i, attempt_world a, const char* what, cause why);
  void work(int i);
  void begin(int i);
  /// It says so to the order; its request may still be on its way, as a crashed one's.
  void give_up(int i, const attempt_world& gone);
  void commit_answer(int i, attempt_world a);
  static void say(attempt_world& a);
  /// Commits how an attempt ended, and sends word of it.
  void end(attempt_world& a, troupe::gateway_answer answer);
  /// Word of an outcome reaches the order, or is lost with a crash.
  void tell(int i);
  troupe::gateway_answer void_charge(attempt_world& a) const;
  /// Settles an attempt whose worker is gone. False: there is nothing to do now.
  bool settle(attempt_world& a);
  void settle_running(const world& touched);
  void refund_all(world& w);
  void sweep_refund(int i);

  // Inventory.

  static void move_unit(world& w, troupe::movement m);
  void answer(world& w, std::string_view said);
  void stock_event(world& w, troupe::stock_verb v);

  // Kafka.

  void take(world& w, kind k);
  void deliver_records();

  const world& now_;
  const rules& r_;
  std::vector<happening>& out_;
  const char* violation_ = nullptr;
};

} // namespace model
