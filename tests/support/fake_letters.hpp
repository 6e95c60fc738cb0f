#pragma once
// The admin's view of `fake_inbox_rows`. A letter's age is its number, in seconds. Single-threaded.

#include "persistence/letters.hpp"
#include "tests/support/fake_inbox.hpp"

namespace troupe::test {

class fake_letters : public letters {
public:
  fake_letters(service of, std::shared_ptr<fake_inbox_rows> rows)
      : of_(of), rows_(std::move(rows)) {}

  letter_page list(letter_state state, int limit,
                   const std::optional<letter_place>& after) override {
    check();
    auto all = open(state);
    std::erase_if(all, [&](const letter& l) { return after && !is_behind(l, *after); });
    std::sort(all.begin(), all.end(),
              [](const letter& a, const letter& b) { return a.id.number > b.id.number; });
    letter_page page;
    size_t bytes = 0;
    for (auto& l : all) {
      page.more = page.rows.size() == static_cast<size_t>(limit) || bytes >= max_letter_page_bytes;
      if (page.more)
        break;
      bytes += l.what.value.size();
      page.rows.push_back(std::move(l));
    }
    return page;
  }

  std::optional<letter> find(const letter_id& id) override {
    check();
    if (id.state == letter_state::parked) {
      for (const auto& p : rows_->parked)
        if (p.id == id.number)
          return shown(p);
      return std::nullopt;
    }
    const auto place = static_cast<size_t>(id.number - 1);
    if (place >= rows_->dead.size() || rows_->discarded.contains(place))
      return std::nullopt;
    return shown(place);
  }

  std::optional<earlier_replay> earlier(const idempotency& key) override {
    check();
    const auto found = rows_->keys.find(key.scope);
    return found == rows_->keys.end() ? std::nullopt : std::optional(found->second);
  }

  std::optional<earlier_replay> settle(const letter_id& id, const replay_outcome& outcome,
                                       const std::string& by,
                                       const std::optional<idempotency>& key) override {
    check();
    if (outcome.applied)
      mark(id, by);
    if (!key)
      return std::nullopt;
    const auto [at, is_new] = rows_->keys.try_emplace(key->scope, key->body_hash, outcome);
    return is_new ? std::nullopt : std::optional(at->second);
  }

  bool discard(const letter_id& id, const std::string& by) override {
    check();
    if (id.state == letter_state::parked)
      return discard_parked(id, by);
    const auto place = static_cast<size_t>(id.number - 1);
    if (place >= rows_->dead.size())
      return false;
    if (is_open(place))
      rows_->discarded[place] = by;
    return true;
  }

private:
  void check() const {
    if (rows_->down)
      throw store_error(store_failure::wait, "the fake is down");
  }

  bool is_open(size_t place) const {
    return !rows_->replayed.contains(place) && !rows_->discarded.contains(place);
  }

  static timestamp age(int64_t number) { return timestamp{std::chrono::seconds(number)}; }

  bool is_behind(const letter& l, const letter_place& after) const {
    if (l.created_at != after.created_at)
      return l.created_at < after.created_at;
    return of_ == after.id.of ? l.id.number < after.id.number : after.id.of < of_;
  }

  letter shown(size_t place) const {
    const auto& d = rows_->dead[place];
    const auto number = static_cast<int64_t>(place + 1);
    return {{of_, letter_state::dead, number}, d.consumer, d.what, d.order_id, d.error, age(number),
            rows_->replayed.contains(place)};
  }

  letter shown(const parked_event& p) const {
    return {{of_, letter_state::parked, p.id},
            "troupe-" + std::string(to_string(of_)),
            p.what,
            p.order_id,
            "waits for its order",
            age(p.id)};
  }

  std::vector<letter> open(letter_state state) const {
    std::vector<letter> all;
    if (state == letter_state::parked)
      for (const auto& p : rows_->parked)
        all.push_back(shown(p));
    else
      for (size_t i = 0; i < rows_->dead.size(); ++i)
        if (is_open(i))
          all.push_back(shown(i));
    return all;
  }

  void mark(const letter_id& id, const std::string& by) {
    if (id.state == letter_state::parked)
      unpark(id.number);
    else if (is_open(static_cast<size_t>(id.number - 1)))
      rows_->replayed[static_cast<size_t>(id.number - 1)] = by;
  }

  void unpark(int64_t number) {
    std::erase_if(rows_->parked, [&](const parked_event& p) { return p.id == number; });
  }

  bool discard_parked(const letter_id& id, const std::string& by) {
    const auto found = find(id);
    if (!found)
      return false;
    unpark(id.number);
    rows_->discarded[rows_->dead.size()] = by;
    rows_->dead.push_back(
        {found->consumer, found->what, found->order_id, "discarded while it waited for its order"});
    return true;
  }

  service of_;
  std::shared_ptr<fake_inbox_rows> rows_;
};

} // namespace troupe::test
