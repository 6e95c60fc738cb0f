#pragma once
// The payments database in memory, with the real rules (persistence/payment_plan.hpp). One
// `fake_payments` is the database; any number of stores work on it. Single-threaded.

#include "persistence/payment_plan.hpp"
#include "persistence/payment_store.hpp"
#include "tests/support/fake_journal.hpp"

#include <memory>
#include <set>
#include <utility>

namespace troupe::test {

struct fake_payments {
  using attempt_id = std::pair<std::string, int32_t>;

  payment_view orders;
  std::map<attempt_id, int64_t> begun_by;    ///< the incarnation
  std::map<attempt_id, timestamp> due;       ///< of pending refunds
  std::set<int64_t> fenced;                  ///< incarnations whose attempts are abandoned
  std::vector<outgoing_event> refund_events; ///< as first published
  std::shared_ptr<fake_journal> journal = std::make_shared<fake_journal>();
};

class fake_payment_store : public payment_store {
public:
  explicit fake_payment_store(std::shared_ptr<fake_payments> db, int64_t incarnation = 1);

  /// Its session: faults, refusals, drop. Only `write` meets the faults.
  fake_session session;

  void connect() override { session.connect(); }
  bool connected() const override { return session.connected(); }
  std::vector<payment_result> write(std::span<const payment_write> steps) override;
  std::vector<payment_attempt> attempts(std::span<const std::string> order_ids) override;
  std::vector<payment_attempt> abandoned(int limit, const std::string& after) override;
  /// Due by the journal's clock, `fake_journal::now`.
  std::vector<payment_attempt> due_refunds(int limit, std::chrono::milliseconds lease) override;
  std::vector<outgoing_event> refund_events(std::span<const std::string> order_ids) override;
  stream_log& log() override { return session; }

private:
  void keep(const payment_plan& plan, const std::map<position, timestamp>& times);
  void need_session() const;

  std::shared_ptr<fake_payments> db_;
  int64_t incarnation_;
};

} // namespace troupe::test
