#include "actors/letter_router.hpp"

#include <utility>

namespace troupe {

namespace {

/// The list's order: newest first, then by service, then the highest number first.
bool comes_first(const letter& a, const letter& b) {
  if (a.created_at != b.created_at)
    return a.created_at > b.created_at;
  return a.id.of != b.id.of ? a.id.of < b.id.of : a.id.number > b.id.number;
}

/// Pages of services on the way into one.
class merging {
public:
  explicit merging(std::vector<letter_page> pages)
      : pages_(std::move(pages)), taken_(pages_.size()) {}

  letter_page up_to(size_t limit) {
    letter_page all;
    for (size_t bytes = 0; all.rows.size() < limit && bytes < max_letter_page_bytes;) {
      const auto from = next();
      if (from == pages_.size())
        break;
      bytes += pages_[from].rows[taken_[from]].what.value.size();
      all.rows.push_back(std::move(pages_[from].rows[taken_[from]++]));
    }
    for (size_t i = 0; i < pages_.size(); ++i)
      all.more = all.more || pages_[i].more || !at_end(i);
    return all;
  }

private:
  bool at_end(size_t i) const { return taken_[i] == pages_[i].rows.size(); }

  /// Whose row comes next; nobody's when all are taken. A service that has more than it showed has
  /// shown a page full, by rows or by bytes: with its last row this page is full too.
  size_t next() const {
    auto best = pages_.size();
    for (size_t i = 0; i < pages_.size(); ++i) {
      if (!at_end(i)
          && (best == pages_.size()
              || comes_first(pages_[i].rows[taken_[i]], pages_[best].rows[taken_[best]])))
        best = i;
    }
    return best;
  }

  std::vector<letter_page> pages_;
  std::vector<size_t> taken_;
};

} // namespace

struct letter_router_state::gathering {
  caf::typed_response_promise<letter_page> reply;
  letter_filter by;
  std::vector<letter_page> pages{all_services.size()};
  size_t missing = all_services.size();
  bool answered = false;

  void came(service from, letter_page&& page) {
    pages[static_cast<size_t>(from)] = std::move(page);
    if (--missing == 0 && !answered)
      reply.deliver(merging(std::move(pages)).up_to(static_cast<size_t>(by.limit)));
  }

  void failed(service from) {
    if (!std::exchange(answered, true))
      reply.deliver(make_fault(fault::unavailable, "The letters of the service "
                                                       + std::string(to_string(from))
                                                       + " are out of reach; ?service= lists those "
                                                         "of another one."));
  }
};

void letter_router_state::start(self_ptr self, crew<letters_actor, letter_router>::maker make) {
  self_ = self;
  desks.start(self, "letter_desk", all_services.size(), std::move(make));
}

caf::result<letter_page> letter_router_state::list(const letter_filter& by) {
  if (by.of) {
    if (const auto& desk = desk_of(*by.of))
      return self_->delegate(desk, list_atom::value, by);
    return make_fault(fault::unavailable);
  }
  auto all = std::make_shared<gathering>();
  all->reply = self_->make_response_promise<letter_page>();
  all->by = by;
  for (const auto s : all_services)
    ask(s, all);
  return all->reply;
}

void letter_router_state::ask(service s, const std::shared_ptr<gathering>& all) {
  const auto& desk = desk_of(s);
  if (!desk)
    return all->failed(s);
  self_->request(desk, caf::infinite, list_atom::value, all->by)
      .then([s, all](letter_page& page) { all->came(s, std::move(page)); },
            [s, all](const caf::error&) { all->failed(s); });
}

letter_router::behavior_type
letter_router_behavior(letter_router_state::self_ptr self,
                       crew<letters_actor, letter_router>::maker make) {
  self->state.start(self, std::move(make));
  self->set_down_handler([self](caf::down_msg& m) { self->state.desks.down(m); });
  self->set_exit_handler([self](caf::exit_msg& m) {
    self->state.desks.stop();
    self->quit(m.reason);
  });
  return {
      [self](list_atom, const letter_filter& by) { return self->state.list(by); },
      [self](replay_atom, replay_request& what) -> caf::result<replay_answer> {
        if (const auto& desk = self->state.desk_of(what.id.of))
          return self->delegate(desk, replay_atom::value, std::move(what));
        return make_fault(fault::unavailable);
      },
      [self](discard_atom, const letter_id& id, std::string& by) -> caf::result<bool> {
        if (const auto& desk = self->state.desk_of(id.of))
          return self->delegate(desk, discard_atom::value, id, std::move(by));
        return make_fault(fault::unavailable);
      },
      [self](tick_atom) { self->state.desks.mend(); },
  };
}

} // namespace troupe
