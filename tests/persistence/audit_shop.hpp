#pragma once
// A small shop for the audit's tests: the real stores over five databases, and a bus that hands
// each event to its consumers at once. Blocking, one thread.

#include "persistence/audit.hpp"
#include "persistence/emailing_store.hpp"
#include "persistence/gateway_ledger.hpp"
#include "persistence/inventory_store.hpp"
#include "persistence/order_store.hpp"
#include "persistence/payment_store.hpp"

#include <map>
#include <memory>
#include <string>

namespace troupe::test {

/// A process of the shop. A second one of the same shop fences the first.
class audit_shop {
public:
  explicit audit_shop(const audit_databases& at);

  void place(const std::string& name, std::vector<order_line> lines);
  void pay(const std::string& name, gateway_answer answer);
  void command(const std::string& name, order_verb verb);

  /// Everything that was told has been delivered: says so in the watermarks.
  void publish_all();
  /// Publishes and drains what earlier processes left.
  void drain_orphans();

private:
  void commit(const std::string& name, order_step step, const std::string& key = {});
  void decided(const std::string& name, const order_command& c);
  void deliver(const outgoing_event& e);
  void at_inventory(const incoming_event& in);
  void at_orders(const incoming_event& in);
  void at_payments(const incoming_event& in);
  void at_emailing(const incoming_event& in);
  void note(const outgoing_event& e);

  int64_t incarnation_;
  std::unique_ptr<order_store> orders_;
  std::unique_ptr<inventory_store> inventory_;
  std::unique_ptr<payment_store> payments_;
  std::unique_ptr<emailing_store> emailing_;
  std::unique_ptr<gateway_ledger> gateway_;
  std::map<std::string, order> known_;
  std::map<service, position> told_; ///< the last event of each journal
  int64_t offset_ = 0;
};

/// Every way that an order can go, by two processes after each other; nothing is under way after
/// it. Orders are named order<name>: done, again, refunded, voided, short, open.
void walk_cleanly(const audit_databases& at);

} // namespace troupe::test
