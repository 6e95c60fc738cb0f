#include "tests/support/fake_inventory_store.hpp"

#include "persistence/product_edit.hpp"

#include <algorithm>
#include <cctype>
#include <tuple>
#include <utility>

namespace troupe::test {

void fake_inventory::add_product(product p) {
  if (p.version == 0)
    p.version = 1;
  p.created_at = p.updated_at = journal->tick();
  products[p.id] = {p, ++last_change, p.stock, {}};
}

fake_inventory_store::fake_inventory_store(std::shared_ptr<fake_inventory> db, int64_t low_stock,
                                           int64_t incarnation)
    : session(service::inventory, db->journal, incarnation),
      db_(std::move(db)),
      low_stock_(low_stock) {}

std::vector<stock_result> fake_inventory_store::apply(std::span<const stock_input> inputs) {
  session.before_write();
  stock_view view;
  for (const auto& in : inputs)
    if (const auto found = db_->orders.find(in.order_id); found != db_->orders.end())
      view.orders.insert(*found);
  for (const auto& [id, row] : db_->products)
    view.products[id]
        = {row.what.name, row.what.stock, row.what.reserved, row.what.sold, row.what.version};
  auto plan
      = plan_stock(std::move(view), inputs, low_stock_, [this] { return session.next_position(); });
  write(plan);
  session.after_write();
  return std::move(plan.results);
}

edited_product fake_inventory_store::edit(const product_edit& e) {
  using kind = edited_product::kind;
  session.before_write();
  if (e.key)
    if (const auto used = db_->keys.find(e.key->scope); used != db_->keys.end()) {
      if (used->second.body_hash != e.key->body_hash)
        return {kind::key_reused, {}, {}};
      edited_product answer{kind::repeated, edited({}, e), {}};
      answer.now.id = used->second.product_id;
      answer.now.created_at = answer.now.updated_at
          = db_->products.at(answer.now.id).what.created_at;
      answer.now.version = 1;
      return answer;
    }
  const auto found = db_->products.find(e.id);
  const bool known = found != db_->products.end();
  if (e.creates && known)
    return {kind::taken, {}, {}};
  if (!e.creates && !known)
    return {kind::unknown, {}, {}};
  const auto before = known ? found->second.what : product();
  if (known && !allows(e, before.version))
    return {kind::moved_on, {}, {}};
  if (known && same_product(before, edited(before, e)))
    return {kind::repeated, before, {}};
  auto result = written(before, e);
  session.after_write();
  return result;
}

edited_product fake_inventory_store::written(const product& before, const product_edit& e) {
  auto after = edited(before, e);
  after.version = before.version + 1;
  after.updated_at = db_->journal->tick();
  if (e.creates)
    after.created_at = after.updated_at;
  if (e.key)
    db_->keys[e.key->scope] = {e.key->body_hash, e.id};
  auto& row = db_->products[e.id];
  if (e.creates)
    row.initial = after.stock;
  row.what = after;
  row.changed_by = ++db_->last_change;
  const bool priced = e.creates || before.price != after.price;
  row.edits.push_back({e.creates, after.version, after.stock - before.stock,
                       priced ? std::optional(after.price) : std::nullopt, after.updated_at});
  const auto notices = edit_notices(before, after, low_stock_, e.traceparent);
  const auto at = session.next_position();
  db_->journal->rows[at] = {after.version, after.updated_at, notices};
  edited_product result{edited_product::kind::written, after, {}};
  int32_t index = 0;
  for (const auto& notice : notices)
    result.events.push_back(
        {{service::inventory, at, index++, after.version, after.updated_at, notice}, true});
  return result;
}

void fake_inventory_store::write(stock_plan& plan) {
  std::map<position, timestamp> times;
  for (const auto& row : plan.ledger)
    times[row.at] = db_->journal->tick();
  for (const auto& o : plan.orders) {
    auto& file = db_->orders[o.order_id];
    file.record = {o.order_id, o.state, o.lines, o.step};
    ++file.version;
  }
  for (const auto& change : plan.products) {
    auto& row = db_->products.at(change.product_id);
    row.what.stock += change.stock;
    row.what.reserved += change.reserved;
    row.what.sold += change.sold;
    ++row.what.version;
    row.what.updated_at = db_->journal->now;
    row.changed_by = ++db_->last_change;
  }
  for (const auto& row : plan.ledger) {
    db_->orders[row.order_id].rows.push_back({row.at, row.step, times[row.at], row.events});
    db_->journal->rows[row.at] = {row.step, times[row.at], row.events};
  }
  for (const auto& e : plan.park) {
    auto& waiting = db_->orders[e.order_id].waiting;
    waiting.push_back(e);
    waiting.back().id = ++db_->last_parked;
  }
  for (const auto& o : plan.orders) // what is drained was parked beside an order of the plan
    std::erase_if(db_->orders[o.order_id].waiting, [&](const parked_event& e) {
      return std::find(plan.unpark.begin(), plan.unpark.end(), e.id) != plan.unpark.end();
    });
  stamp(plan, times);
}

void fake_inventory_queries::check() const {
  if (down)
    throw store_error(store_failure::wait, "the fake is down");
}

namespace {

bool contains(const std::string& text, const std::string& part) {
  const auto same
      = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

bool matches(const product& p, const product_filter& by) {
  return (by.category.empty() || p.category == by.category)
         && (by.search.empty() || contains(p.name, by.search) || contains(p.description, by.search))
         && (!by.min_price || p.price >= *by.min_price)
         && (!by.max_price || p.price <= *by.max_price) && (p.active || !by.only_active);
}

std::tuple<std::string, int64_t, std::string> place_of(const product_filter& by, const product& p) {
  switch (by.order) {
    case product_order::name:
      return {p.name, 0, p.id};
    case product_order::price:
      return {"", p.price, p.id};
    case product_order::created:
      break;
  }
  return {"", p.created_at.time_since_epoch().count(), p.id};
}

} // namespace

std::vector<product> fake_inventory_queries::list(const product_filter& by, int64_t& total) {
  check();
  std::vector<product> all;
  for (const auto& [id, row] : db_->products)
    if (matches(row.what, by))
      all.push_back(row.what);
  const auto before = [&](const product& a, const product& b) {
    return by.descending ? place_of(by, b) < place_of(by, a) : place_of(by, a) < place_of(by, b);
  };
  std::sort(all.begin(), all.end(), before);
  total = static_cast<int64_t>(all.size());
  if (by.after)
    std::erase_if(all, [&](const product& p) {
      const auto here = place_of(by, p);
      const auto there
          = std::tuple(by.order == product_order::name ? by.after->name : "",
                       by.order == product_order::name ? 0 : by.after->number, by.after->id);
      return by.descending ? here >= there : here <= there;
    });
  if (all.size() > static_cast<size_t>(by.limit))
    all.resize(static_cast<size_t>(by.limit));
  return all;
}

std::optional<product> fake_inventory_queries::find(const std::string& id) {
  check();
  const auto found = db_->products.find(id);
  return found == db_->products.end() ? std::nullopt : std::optional(found->second.what);
}

std::optional<product_ledger> fake_inventory_queries::ledger(const std::string& id) {
  check();
  const auto found = db_->products.find(id);
  if (found == db_->products.end())
    return std::nullopt;
  const auto& [what, changed_by, initial, edits] = found->second;
  product_ledger result{what, initial, what.stock + what.reserved + what.sold - initial, {}};
  const auto shown = std::min<size_t>(edits.size(), 100);
  result.entries.assign(edits.rbegin(), edits.rbegin() + static_cast<std::ptrdiff_t>(shown));
  return result;
}

int64_t fake_inventory_queries::count_active() {
  check();
  return std::count_if(db_->products.begin(), db_->products.end(),
                       [](const auto& entry) { return entry.second.what.active; });
}

std::vector<product> fake_inventory_queries::changed_since(int64_t& mark) {
  check();
  std::vector<product> all;
  for (const auto& [id, row] : db_->products)
    if (row.changed_by >= mark)
      all.push_back(row.what);
  mark = db_->last_change + 1;
  return all;
}

} // namespace troupe::test
