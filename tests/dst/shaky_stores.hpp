#pragma once
// The databases' sessions, over connections and servers that fail.

#include "outside/mail_transport.hpp"
#include "tests/dst/world.hpp"

namespace troupe::dst {

class shaky_orders : public order_store {
public:
  shaky_orders(world& in, int64_t incarnation);

  void connect() override { inner_->connect(); }
  bool connected() const override { return inner_->connected(); }
  std::vector<commit_result> commit(std::span<const write_set> sets) override;
  std::vector<commit_result> settle(std::span<const write_set> sets) override;
  stream_log& log() override { return inner_->log(); }

private:
  void choose_trouble(std::span<const write_set> sets);
  std::vector<commit_result> answer_too_early(std::span<const write_set> sets);
  void note_all(std::span<const write_set> sets, const std::vector<commit_result>& results,
                const char* how);

  world& in_;
  std::unique_ptr<order_store> inner_;
};

class shaky_reads : public order_queries {
public:
  explicit shaky_reads(world& in);

  std::vector<order> load(std::span<const std::string> ids) override;
  std::vector<order> list(const order_filter& by) override { return inner_->list(by); }
  std::vector<overdue_order> overdue(std::span<const int32_t> shards, int limit,
                                     const overdue_order& after) override;
  std::vector<overdue_order> unsettled_payments(std::span<const int32_t> shards,
                                                int limit) override {
    return inner_->unsettled_payments(shards, limit);
  }
  std::array<int64_t, order_status_count> count_overdue() override {
    return inner_->count_overdue();
  }
  std::vector<outgoing_event> events_of(std::span<const std::string> ids) override;
  std::map<std::string, earlier_use> earlier_uses(std::span<const std::string> scopes) override {
    return inner_->earlier_uses(scopes);
  }
  bool fold_figures() override { return inner_->fold_figures(); }
  order_figures figures() override { return inner_->figures(); }
  void ping() override { inner_->ping(); }

private:
  world& in_;
  std::unique_ptr<order_queries> inner_;
};

class shaky_stock : public test::fake_inventory_store {
public:
  shaky_stock(world& in, int64_t incarnation);
  std::vector<stock_result> apply(std::span<const stock_input> inputs) override;

private:
  world& in_;
};

class shaky_payments : public test::fake_payment_store {
public:
  shaky_payments(world& in, int64_t incarnation);
  std::vector<payment_result> write(std::span<const payment_write> steps) override;

private:
  world& in_;
};

class shaky_emailing : public test::emailing_session {
public:
  explicit shaky_emailing(world& in);
  notice_outcome apply(std::span<const notice> notices) override;

private:
  world& in_;
};

class shaky_mail : public mail_transport {
public:
  explicit shaky_mail(world& in) : in_(in) {}
  std::vector<std::string> send(std::span<const mail> all) override;

private:
  world& in_;
};

} // namespace troupe::dst
