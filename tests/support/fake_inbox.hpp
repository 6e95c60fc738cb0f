#pragma once
// A service's parked events and dead letters in memory. Single-threaded.

#include "persistence/inbox.hpp"
#include "persistence/letters.hpp"

#include <algorithm>
#include <map>
#include <memory>

namespace troupe::test {

struct fake_inbox_rows {
  std::vector<parked_event> parked; ///< oldest first
  std::vector<dead_letter> dead;
  std::map<size_t, std::string> replayed, discarded; ///< places in `dead`, and by whom
  std::map<std::string, earlier_replay> keys;        ///< by scope
  int64_t last_parked = 0;
  bool down = false; ///< every call throws `wait`
};

class fake_inbox : public inbox {
public:
  explicit fake_inbox(std::shared_ptr<fake_inbox_rows> rows) : rows_(std::move(rows)) {}

  int bury(const std::vector<dead_letter>& letters) override {
    check();
    int added = 0;
    for (const auto& l : letters) {
      bool known = std::any_of(rows_->dead.begin(), rows_->dead.end(), [&](const auto& d) {
        return d.consumer == l.consumer && d.what == l.what;
      });
      if (!known)
        rows_->dead.push_back(l);
      added += known ? 0 : 1;
    }
    return added;
  }
  void park(const std::vector<parked_event>& events) override {
    check();
    for (auto e : events) {
      bool known = std::any_of(rows_->parked.begin(), rows_->parked.end(), [&](const auto& p) {
        return p.what.source == e.what.source && p.what.id == e.what.id;
      });
      if (known)
        continue;
      e.id = ++rows_->last_parked;
      rows_->parked.push_back(std::move(e));
    }
  }
  std::vector<parked_event> parked(int64_t after, int limit) override {
    check();
    std::vector<parked_event> page;
    for (const auto& p : rows_->parked)
      if (p.id > after && static_cast<int>(page.size()) < limit)
        page.push_back(p);
    return page;
  }
  void unpark(const std::vector<int64_t>& ids) override {
    check();
    std::erase_if(rows_->parked, [&](const parked_event& p) {
      return std::find(ids.begin(), ids.end(), p.id) != ids.end();
    });
  }
  int64_t count_parked() override {
    check();
    return static_cast<int64_t>(rows_->parked.size());
  }
  dead_letter_counts count_dead() override {
    check();
    dead_letter_counts counts;
    for (size_t i = 0; i < rows_->dead.size(); ++i)
      ++(rows_->replayed.contains(i)    ? counts.replayed
         : rows_->discarded.contains(i) ? counts.discarded
                                        : counts.open);
    return counts;
  }
  void ping() override { check(); }

private:
  void check() const {
    if (rows_->down)
      throw store_error(store_failure::wait, "the fake is down");
  }

  std::shared_ptr<fake_inbox_rows> rows_;
};

} // namespace troupe::test
