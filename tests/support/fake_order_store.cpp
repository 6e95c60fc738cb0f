#include "tests/support/fake_order_store.hpp"

#include "persistence/stream_log.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace troupe::test {

namespace {

using guard = std::lock_guard<std::mutex>;

/// What the real tables refuse.
bool writable(const write_set& set) {
  if (set.current.version > 0)
    return true;
  const auto& lines = set.current.lines;
  return set.current.total >= 0 && nlohmann::json::accept(set.current.shipping_address)
         && std::all_of(lines.begin(), lines.end(), [](const order_line& line) {
              return line.quantity > 0 && line.price >= 0;
            });
}

} // namespace

class fake_store : public order_store, public stream_log {
public:
  fake_store(std::shared_ptr<fake_orders> in, int64_t incarnation)
      : in_(std::move(in)), incarnation_(incarnation) {}
  ~fake_store() override {
    guard g(in_->lock_);
    in_->sessions_.erase(session_);
  }

  void connect() override {
    guard g(in_->lock_);
    if (in_->lives(session_))
      return;
    if (in_->down_)
      throw store_error(store_failure::wait, "the fake is down");
    if (in_->fenced_.contains(incarnation_))
      throw store_error(store_failure::fenced, "the fake has fenced this incarnation");
    if (stream_ != 0)
      earlier_.insert(stream_);
    session_ = ++in_->last_session_;
    in_->sessions_.insert(session_);
    stream_ = static_cast<int64_t>(in_->streams_.size()) + 1;
    in_->streams_[stream_] = {incarnation_, session_, session_, false, make_position(stream_, 0)};
    counter_ = 0;
  }
  bool connected() const override {
    guard g(in_->lock_);
    return in_->lives(session_);
  }
  std::vector<commit_result> commit(std::span<const write_set> sets) override;
  std::vector<commit_result> settle(std::span<const write_set> sets) override;
  stream_log& log() override { return *this; }

  int64_t stream() const override { return stream_; }
  std::vector<int64_t> orphans() override;
  bool take(int64_t stream) override {
    guard g(in_->lock_);
    check();
    return take_locked(stream);
  }
  position watermark(int64_t stream) override {
    guard g(in_->lock_);
    check();
    return in_->streams_.at(stream).watermark;
  }
  void advance(int64_t stream, position to) override {
    guard g(in_->lock_);
    check();
    auto& mark = in_->streams_.at(stream).watermark;
    mark = std::max(mark, to);
  }
  event_page read(int64_t stream, position after, int rows) override;
  void mark_drained(int64_t stream) override {
    guard g(in_->lock_);
    check();
    auto& row = in_->streams_.at(stream);
    row.drained = true;
    row.holder = 0;
    earlier_.erase(stream);
  }

private:
  void check() const {
    if (!in_->lives(session_))
      throw store_error(store_failure::lost, "the fake's session is gone");
  }
  bool take_locked(int64_t stream);
  std::vector<commit_result> write(std::span<const write_set> sets);

  std::shared_ptr<fake_orders> in_;
  int64_t incarnation_;
  int64_t session_ = 0;
  int64_t stream_ = 0;
  int64_t counter_ = 0;
  std::set<int64_t> earlier_;
  std::map<std::string, position> sent_; ///< the last commit's positions, by order
};

std::vector<commit_result> fake_store::commit(std::span<const write_set> sets) {
  guard g(in_->lock_);
  sent_.clear();
  check();
  std::optional<fake_orders::trouble> trouble;
  if (!in_->troubles_.empty()) {
    trouble = in_->troubles_.front();
    in_->troubles_.erase(in_->troubles_.begin());
  }
  using enum fake_orders::trouble;
  if (trouble == wait)
    throw store_error(store_failure::wait, "the fake cannot serve");
  if (trouble != lost_before) {
    auto results = write(sets);
    if (!trouble)
      return results;
  }
  in_->sessions_.erase(session_);
  throw store_error(store_failure::lost, "the fake's connection broke");
}

std::vector<commit_result> fake_store::write(std::span<const write_set> sets) {
  std::vector<commit_result> results;
  bool wrote = false;
  for (const auto& set : sets) {
    results.push_back(in_->write(set, [&] {
      const auto at = make_position(stream_, ++counter_);
      sent_[set.current.id] = at;
      return at;
    }));
    wrote = wrote || results.back().outcome == commit_outcome::committed;
  }
  in_->commits_ += wrote ? 1 : 0;
  return results;
}

std::vector<commit_result> fake_store::settle(std::span<const write_set> sets) {
  guard g(in_->lock_);
  check();
  for (auto each : earlier_)
    take_locked(each);
  std::vector<commit_result> results;
  for (const auto& set : sets) {
    if (!set.step.advances) {
      results.push_back(in_->write(set, [] { return position{0}; }));
      continue;
    }
    commit_result one;
    const auto sent = sent_.find(set.current.id);
    if (sent != sent_.end() && in_->journal_.contains(sent->second)) {
      one = {commit_outcome::committed, sent->second, in_->journal_.at(sent->second).time,
             in_->events_of(sent->second), std::nullopt};
    }
    results.push_back(std::move(one));
  }
  return results;
}

std::vector<int64_t> fake_store::orphans() {
  guard g(in_->lock_);
  check();
  std::vector<int64_t> all;
  for (const auto& [stream, row] : in_->streams_) {
    const bool forgotten = row.incarnation == incarnation_ && !in_->lives(row.holder);
    if (!row.drained && stream != stream_
        && (in_->fenced_.contains(row.incarnation) || earlier_.contains(stream) || forgotten))
      all.push_back(stream);
  }
  return all;
}

bool fake_store::take_locked(int64_t stream) {
  auto& row = in_->streams_.at(stream);
  if (row.holder != session_ && row.holder != row.writer && in_->lives(row.holder))
    return false;
  if (row.holder == row.writer)
    in_->sessions_.erase(row.writer);
  row.holder = session_;
  return true;
}

event_page fake_store::read(int64_t stream, position after, int rows) {
  guard g(in_->lock_);
  check();
  event_page page;
  page.last = std::max(after, make_position(stream, 0));
  int seen = 0;
  for (auto it = in_->journal_.upper_bound(page.last);
       it != in_->journal_.end() && it->first < make_position(stream + 1, 0) && seen < rows; ++it) {
    ++seen;
    page.last = it->first;
    auto some = in_->events_of(it->first);
    std::move(some.begin(), some.end(), std::back_inserter(page.events));
  }
  page.end = seen < rows;
  return page;
}

std::shared_ptr<fake_orders> fake_orders::make(std::function<timestamp()> clock) {
  if (!clock)
    clock = [] {
      return std::chrono::time_point_cast<std::chrono::microseconds>(
          std::chrono::system_clock::now());
    };
  return std::shared_ptr<fake_orders>(new fake_orders(std::move(clock)));
}

std::unique_ptr<order_store> fake_orders::store(int64_t incarnation) {
  return std::make_unique<fake_store>(shared_from_this(), incarnation);
}

void fake_orders::fail_next_commit(trouble what) {
  guard g(lock_);
  troubles_.push_back(what);
}

void fake_orders::conflict_next(const std::string& order_id) {
  guard g(lock_);
  conflicts_.insert(order_id);
}

void fake_orders::set_down(bool down) {
  guard g(lock_);
  down_ = down;
  if (down)
    sessions_.clear();
}

void fake_orders::fence(int64_t incarnation) {
  guard g(lock_);
  fenced_.insert(incarnation);
}

void fake_orders::end_sessions(int64_t incarnation) {
  guard g(lock_);
  for (const auto& [stream, row] : streams_)
    if (row.incarnation == incarnation)
      sessions_.erase(row.writer);
}

std::vector<order> fake_orders::all() const {
  guard g(lock_);
  std::vector<order> orders;
  orders.reserve(orders_.size());
  for (const auto& [id, row] : orders_)
    orders.push_back(row.now);
  return orders;
}

std::size_t fake_orders::journal_rows() const {
  guard g(lock_);
  return journal_.size();
}

int fake_orders::commits() const {
  guard g(lock_);
  return commits_;
}

bool fake_orders::drained(int64_t stream) const {
  guard g(lock_);
  return streams_.at(stream).drained;
}

std::vector<int64_t> fake_orders::unpublished() const {
  guard g(lock_);
  std::set<int64_t> all;
  for (const auto& [at, row] : journal_)
    if (!row.events.empty() && at > streams_.at(stream_of(at)).watermark)
      all.insert(stream_of(at));
  return {all.begin(), all.end()};
}

std::vector<outgoing_event> fake_orders::events() const {
  guard g(lock_);
  std::vector<outgoing_event> all;
  for (const auto& [at, row] : journal_) {
    auto some = events_of(at);
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

std::vector<outgoing_event> fake_orders::events_of(position at) const {
  const auto& row = journal_.at(at);
  std::vector<outgoing_event> all;
  all.reserve(row.events.size());
  for (const auto& each : row.events)
    all.push_back(
        {service::order, at, static_cast<int32_t>(all.size()), row.version, row.time, each});
  return all;
}

const fake_orders::key_row* fake_orders::known_key(const write_set& set) const {
  if (!set.key)
    return nullptr;
  const auto found = keys_.find(set.key->scope);
  if (found == keys_.end() || found->second.at < clock_() - std::chrono::hours(24))
    return nullptr;
  return &found->second;
}

void fake_orders::keep_key(const write_set& set, timestamp at) {
  if (set.key && !known_key(set))
    keys_[set.key->scope] = {{set.current.id, set.current.version + 1, set.key->body_hash}, at};
}

commit_result fake_orders::write(const write_set& set, const std::function<position()>& next) {
  if (!writable(set))
    return {};
  if (auto injected = conflicts_.find(set.current.id); injected != conflicts_.end()) {
    conflicts_.erase(injected);
    commit_result conflict;
    conflict.outcome = commit_outcome::conflict;
    return conflict;
  }
  return set.current.version == 0 ? create(set, next) : move_on(set, next);
}

commit_result fake_orders::create(const write_set& set, const std::function<position()>& next) {
  commit_result duplicate;
  duplicate.outcome = commit_outcome::duplicate;
  if (const auto* key = known_key(set)) {
    duplicate.earlier = key->use;
    return duplicate;
  }
  if (orders_.contains(set.current.id))
    return duplicate;
  auto& row = orders_[set.current.id];
  row.now = set.current;
  return record(row, set, next);
}

commit_result fake_orders::move_on(const write_set& set, const std::function<position()>& next) {
  const auto found = orders_.find(set.current.id);
  if (found == orders_.end() || found->second.now.version != set.current.version) {
    commit_result conflict;
    conflict.outcome = commit_outcome::conflict;
    return conflict;
  }
  return record(found->second, set, next);
}

commit_result fake_orders::record(order_row& row, const write_set& set,
                                  const std::function<position()>& next) {
  commit_result done;
  done.outcome = commit_outcome::committed;
  done.time = clock_();
  row.now = apply(std::move(row.now), set.step, done.time);
  row.deadline = set.step.ttl ? std::optional(done.time + *set.step.ttl) : std::nullopt;
  if (!set.step.advances)
    return done;
  keep_key(set, done.time);
  done.at = next();
  journal_[done.at] = {set.current.id, row.now.version, done.time, set.step.events};
  done.events = events_of(done.at);
  return done;
}

} // namespace troupe::test
