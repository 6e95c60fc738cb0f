#include "persistence/order_store.hpp"

#include "persistence/batching.hpp"
#include "persistence/order_batch.hpp"
#include "persistence/stream_session.hpp"
#include "telemetry/log.hpp"

#include <unordered_map>

namespace troupe {

namespace {

constexpr pg::journal_table order_journal{
    .from = service::order,
    .page = "select position, version, (extract(epoch from \"timestamp\") * 1000000)::bigint,"
            " events::text from order_status_history"
            " where position > $1::bigint and position < $2::bigint order by position"
            " limit $3::int",
    .found = "select position, version, (extract(epoch from \"timestamp\") * 1000000)::bigint,"
             " events::text from order_status_history where position = any($1::bigint[])"
             " order by position"};

class pg_order_store : public order_store {
public:
  pg_order_store(std::string conninfo, int64_t incarnation, std::chrono::seconds key_life)
      : session_(std::move(conninfo), incarnation, order_journal, {.plans = pg::planning::by_keys}),
        ids_(random_ids()),
        key_life_(key_life) {}

  void connect() override { session_.connect(); }
  bool connected() const override { return session_.connected(); }
  stream_log& log() override { return session_; }

  std::vector<commit_result> commit(std::span<const write_set> sets) override;
  std::vector<commit_result> settle(std::span<const write_set> sets) override;

private:
  std::vector<commit_result> write(std::span<const write_set> sets);
  std::vector<commit_result> write_once(std::span<const write_set> sets);
  void settle_steps(std::span<const write_set> sets, std::span<commit_result> results);
  void repeat_touches(std::span<const write_set> sets, std::span<commit_result> results);

  pg::stream_session session_;
  id_source ids_;
  std::chrono::seconds key_life_;
  /// Every position that the sets of the last `commit` were sent with, by order: what to look for
  /// when its outcome is unknown.
  std::unordered_map<std::string, std::vector<position>> sent_;
};

std::vector<commit_result> pg_order_store::write_once(std::span<const write_set> sets) {
  std::vector<position> positions(sets.size());
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (!sets[i].step.advances)
      continue;
    positions[i] = session_.next_position();
    sent_[sets[i].current.id].push_back(positions[i]);
  }
  const auto statements = batch_statements(sets, positions, ids_, key_life_);
  const auto answers = session_.db().write(statements);
  return batch_results(sets, positions, answers);
}

std::vector<commit_result> pg_order_store::write(std::span<const write_set> sets) {
  std::vector<commit_result> results(sets.size()); // `failed` until known better
  bool written = false;
  try {
    pg::write_batch(
        sets.size(),
        [&](std::size_t first, std::size_t last) {
          auto some = write_once(sets.subspan(first, last - first));
          std::move(some.begin(), some.end(), results.begin() + static_cast<std::ptrdiff_t>(first));
          written = true;
        },
        [&](std::size_t index, const pg::error& why) {
          log::error("orders.commit.rejected",
                     {{"order", sets[index].current.id}, {"error", why.what()}});
        },
        // Whoever holds the row decides first; deciding again finds what they did.
        [&](std::size_t index) { results[index].outcome = commit_outcome::conflict; });
  } catch (const pg::error& e) {
    if (e.kind == store_failure::failed) {
      log::error("orders.commit.failed", {{"error", e.what()}, {"sets", sets.size()}});
      return results;
    }
    // `wait` promises that nothing was written. Some was: let the caller settle instead.
    if (e.kind == store_failure::wait && written) {
      session_.db().close();
      throw pg::error(store_failure::lost, e.what(), e.sqlstate());
    }
    throw;
  }
  return results;
}

std::vector<commit_result> pg_order_store::commit(std::span<const write_set> sets) {
  sent_.clear(); // first: also when there is no session, nothing of these sets was sent
  session_.db();
  return write(sets);
}

std::vector<commit_result> pg_order_store::settle(std::span<const write_set> sets) {
  session_.db();
  session_.settle_earlier();
  std::vector<commit_result> results(sets.size());
  settle_steps(sets, results);
  repeat_touches(sets, results);
  return results;
}

/// A step was committed exactly when one of its positions is in the journal.
void pg_order_store::settle_steps(std::span<const write_set> sets,
                                  std::span<commit_result> results) {
  std::vector<position> wanted;
  std::unordered_map<position, std::size_t> owner;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (!sets[i].step.advances)
      continue;
    for (auto at : sent_[sets[i].current.id]) {
      wanted.push_back(at);
      owner[at] = i;
    }
  }
  for (auto& row : session_.found(wanted)) {
    auto& one = results[owner.at(row.at)];
    one.outcome = commit_outcome::committed;
    one.at = row.at;
    one.time = row.time;
    one.events = std::move(row.events);
  }
}

/// A touch leaves no proof, but writing it again is the same as having written it.
void pg_order_store::repeat_touches(std::span<const write_set> sets,
                                    std::span<commit_result> results) {
  std::vector<write_set> touches;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < sets.size(); ++i)
    if (!sets[i].step.advances) {
      touches.push_back(sets[i]);
      places.push_back(i);
    }
  if (touches.empty())
    return;
  auto again = write(touches);
  for (std::size_t i = 0; i < places.size(); ++i)
    results[places[i]] = std::move(again[i]);
}

} // namespace

std::unique_ptr<order_store> make_order_store(std::string conninfo, int64_t incarnation,
                                              std::chrono::seconds key_life) {
  return std::make_unique<pg_order_store>(std::move(conninfo), incarnation, key_life);
}

} // namespace troupe
