#include "tests/support/fake_order_store.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <tuple>

namespace troupe::test {

namespace {

using guard = std::lock_guard<std::mutex>;
using days = std::chrono::sys_days;

std::string date_of(days day) {
  const std::chrono::year_month_day date(day);
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

bool unpaid_failure(const order& o) {
  return o.status == order_status::payment_failed
         || (o.status == order_status::cancelled
             && (o.payment == payment_status::pending || o.payment == payment_status::failed));
}

std::vector<order_figures::product> top_ten(const std::vector<const order*>& completed) {
  std::map<std::string, order_figures::product> by_id;
  for (const auto* o : completed)
    for (const auto& line : o->lines) {
      auto& p = by_id[line.product_id];
      p.id = line.product_id;
      p.name = line.name;
      p.quantity += line.quantity;
      p.revenue += line.quantity * line.price;
    }
  std::vector<order_figures::product> top;
  top.reserve(by_id.size());
  for (auto& [id, p] : by_id)
    top.push_back(std::move(p));
  std::stable_sort(top.begin(), top.end(),
                   [](const auto& a, const auto& b) { return a.quantity > b.quantity; });
  top.resize(std::min<std::size_t>(top.size(), 10));
  return top;
}

} // namespace

class fake_queries : public order_queries {
public:
  explicit fake_queries(std::shared_ptr<fake_orders> in) : in_(std::move(in)) {}

  std::vector<order> load(std::span<const std::string> ids) override {
    guard g(in_->lock_);
    check();
    std::vector<order> found;
    for (const auto& id : ids)
      if (auto row = in_->orders_.find(id); row != in_->orders_.end())
        found.push_back(row->second.now);
    return found;
  }

  std::vector<order> list(const order_filter& by) override {
    guard g(in_->lock_);
    check();
    std::vector<order> all;
    for (const auto& [id, row] : in_->orders_) {
      const auto& o = row.now;
      const bool older
          = !by.after
            || std::tie(o.created_at, o.id) < std::tie(by.after->created_at, by.after->id);
      if (older && (by.user_id.empty() || o.user_id == by.user_id)
          && (!by.status || o.status == *by.status))
        all.push_back(o);
    }
    std::ranges::sort(all, std::greater(),
                      [](const order& o) { return std::tie(o.created_at, o.id); });
    all.resize(std::min<std::size_t>(all.size(), static_cast<std::size_t>(by.limit)));
    return all;
  }
  std::vector<overdue_order> overdue(std::span<const int32_t> shards, int limit,
                                     const overdue_order& after) override {
    return oldest(shards, limit, [now = in_->clock_(), &after](const auto& row) {
      return *row.deadline <= now
             && std::tie(*row.deadline, row.now.id) > std::tie(after.deadline, after.id);
    });
  }
  std::vector<overdue_order> unsettled_payments(std::span<const int32_t> shards,
                                                int limit) override {
    return oldest(shards, limit,
                  [](const auto& row) { return row.now.status == order_status::payment_pending; });
  }

  std::array<int64_t, order_status_count> count_overdue() override {
    guard g(in_->lock_);
    check();
    std::array<int64_t, order_status_count> counts{};
    for (const auto& [id, row] : in_->orders_)
      if (row.deadline && (*row.deadline <= in_->clock_() || row.now.rounds > 0))
        ++counts[static_cast<std::size_t>(row.now.status)];
    return counts;
  }
  std::vector<outgoing_event> events_of(std::span<const std::string> ids) override {
    guard g(in_->lock_);
    check();
    std::vector<outgoing_event> all;
    for (const auto& [at, row] : in_->journal_)
      if (std::find(ids.begin(), ids.end(), row.order_id) != ids.end()) {
        auto some = in_->events_of(at);
        std::move(some.begin(), some.end(), std::back_inserter(all));
      }
    return all;
  }
  std::map<std::string, earlier_use> earlier_uses(std::span<const std::string> scopes) override;
  bool fold_figures() override { return true; }
  order_figures figures() override;
  void ping() override {
    guard g(in_->lock_);
    check();
  }

private:
  void check() const {
    if (in_->down_)
      throw store_error(store_failure::wait, "the fake is down");
  }
  template <class Wanted>
  std::vector<overdue_order> oldest(std::span<const int32_t> shards, int limit, Wanted wanted) {
    guard g(in_->lock_);
    check();
    std::vector<const fake_orders::order_row*> rows;
    for (const auto& [id, row] : in_->orders_)
      if (row.deadline && std::ranges::count(shards, shard_of(id)) > 0 && wanted(row))
        rows.push_back(&row);
    std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
      return std::tie(*a->deadline, a->now.id) < std::tie(*b->deadline, b->now.id);
    });
    rows.resize(std::min(rows.size(), static_cast<std::size_t>(limit)));
    std::vector<overdue_order> found;
    found.reserve(rows.size());
    for (const auto* row : rows)
      found.push_back({row->now.id, row->now.version, *row->deadline});
    return found;
  }

  std::shared_ptr<fake_orders> in_;
};

std::map<std::string, earlier_use> fake_queries::earlier_uses(std::span<const std::string> scopes) {
  guard g(in_->lock_);
  check();
  std::map<std::string, earlier_use> uses;
  for (const auto& scope : scopes)
    if (auto known = in_->keys_.find(scope);
        known != in_->keys_.end() && in_->clock_() - known->second.at < std::chrono::hours(24))
      uses[scope] = known->second.use;
  return uses;
}

order_figures fake_queries::figures() {
  guard g(in_->lock_);
  check();
  order_figures f;
  for (int i = 0; i < order_status_count; ++i)
    f.by_status[std::string(to_string(static_cast<order_status>(i)))] = 0;
  const auto today = std::chrono::floor<std::chrono::days>(in_->clock_());
  for (int back = 29; back >= 0; --back)
    f.days.push_back({date_of(today - std::chrono::days(back)), 0, 0});
  std::vector<const order*> completed;
  for (const auto& [id, row] : in_->orders_) {
    ++f.by_status[std::string(to_string(row.now.status))];
    f.failed_payments += unpaid_failure(row.now) ? 1 : 0;
    if (row.now.status != order_status::completed)
      continue;
    completed.push_back(&row.now);
    f.total_revenue += row.now.total;
    const auto date = date_of(std::chrono::floor<std::chrono::days>(row.now.updated_at));
    for (auto& day : f.days)
      if (day.date == date) {
        day.revenue += row.now.total;
        ++day.orders;
      }
  }
  f.revenue_today = f.days.back().revenue;
  f.top_products = top_ten(completed);
  return f;
}

std::unique_ptr<order_queries> fake_orders::queries() {
  return std::make_unique<fake_queries>(shared_from_this());
}

} // namespace troupe::test
