#include "actors/catalogue.hpp"

#include <utility>

namespace troupe {

namespace {

constexpr std::chrono::milliseconds reload_interval{1000};

/// Runs a query; a store that fails is `unavailable` to the asker.
template <class Query>
auto answer(Query query) -> caf::result<decltype(query())> {
  try {
    return query();
  } catch (const store_error& e) {
    log::warn("catalogue.store_failed", {{"error", e.what()}});
    return make_fault(fault::unavailable);
  }
}

/// As `answer`, for a query that may find nothing.
template <class Query>
auto found_or_not(Query query) -> caf::result<typename decltype(query())::value_type> {
  try {
    if (auto found = query())
      return std::move(*found);
    return make_fault(fault::not_found);
  } catch (const store_error& e) {
    log::warn("catalogue.store_failed", {{"error", e.what()}});
    return make_fault(fault::unavailable);
  }
}

void add_line(quote& q, const product& p, const wanted_line& w) {
  if (w.price && *w.price != p.price)
    q.changed.push_back({p.id, p.price});
  if (p.stock < w.quantity)
    q.short_of.push_back({p.id, p.stock});
  auto line = line_total(p.price, w.quantity);
  auto total = line ? add_amounts(q.total, *line) : std::nullopt;
  if (!total) {
    q.too_large = true;
    return;
  }
  q.total = *total;
  q.lines.push_back({{}, p.id, w.quantity, p.price, p.name, p.image_url});
}

} // namespace

quote make_quote(const std::unordered_map<std::string, product>& products,
                 const std::vector<wanted_line>& wanted) {
  quote q;
  for (const auto& w : wanted) {
    auto known = products.find(w.product_id);
    if (known == products.end() || !known->second.active)
      q.unknown.push_back(w.product_id);
    else
      add_line(q, known->second, w);
  }
  return q;
}

void catalogue_state::reload(self_ptr self) {
  auto again = [self] { self->delayed_send(self, reload_interval, flush_atom::value); };
  if (!readers.all().front())
    return again();
  self->request(readers.all().front(), caf::infinite, again_atom::value, mark)
      .then(
          [this, again](product_changes& changes) {
            for (auto& p : changes.products)
              learn(std::move(p));
            mark = changes.mark;
            if (!std::exchange(loaded, true))
              show(health::up, "");
            again();
          },
          [again](const caf::error&) { again(); });
}

void catalogue_state::show(health state, std::string detail) {
  if (board)
    board->set("order", "catalogue", {state, std::move(detail)});
}

void catalogue_state::learn(product p) {
  auto& known = products[p.id];
  if (known.version <= p.version)
    known = std::move(p);
}

caf::result<product_answer> catalogue_state::edit(self_ptr self, product_edit&& e) {
  const auto& editor = editors.all().front();
  if (!editor)
    return make_fault(fault::unavailable);
  auto reply = self->make_response_promise<product_answer>();
  self->request(editor, caf::infinite, edit_atom::value, std::move(e))
      .then(
          [this, reply](product_answer& answer) mutable {
            // At once, and not with the next reload: the owner's next order meets the new price.
            if (loaded)
              learn(answer.now);
            reply.deliver(std::move(answer));
          },
          [reply](caf::error& why) mutable { reply.deliver(std::move(why)); });
  return reply;
}

catalogue_keeper::behavior_type
catalogue_behavior(catalogue_state::self_ptr self,
                   crew<product_reader, catalogue_keeper>::maker make_reader,
                   crew<product_editor, catalogue_keeper>::maker make_editor, health_board* board) {
  self->state.board = board;
  self->state.show(health::down, "not loaded yet");
  self->state.readers.start(self, "product_reader", 1, std::move(make_reader));
  self->state.editors.start(self, "product_editor", 1, std::move(make_editor));
  self->set_down_handler([self](caf::down_msg& m) {
    self->state.readers.down(m);
    self->state.editors.down(m);
  });
  self->set_exit_handler([self](caf::exit_msg& m) {
    self->state.readers.stop();
    self->state.editors.stop();
    self->quit(m.reason);
  });
  self->send(self, flush_atom::value);
  auto reader = [self]() -> const product_reader& { return self->state.readers.all().front(); };
  return {
      [self](const std::vector<wanted_line>& wanted) -> caf::result<quote> {
        if (!self->state.loaded)
          return make_fault(fault::unavailable);
        return make_quote(self->state.products, wanted);
      },
      [self, reader](list_atom, product_filter& by) -> caf::result<product_page> {
        if (!reader())
          return make_fault(fault::unavailable);
        return self->delegate(reader(), list_atom::value, std::move(by));
      },
      [self, reader](view_atom, std::string& id) -> caf::result<product> {
        if (!reader())
          return make_fault(fault::unavailable);
        return self->delegate(reader(), view_atom::value, std::move(id));
      },
      [self, reader](ledger_atom, std::string& id) -> caf::result<product_ledger> {
        if (!reader())
          return make_fault(fault::unavailable);
        return self->delegate(reader(), ledger_atom::value, std::move(id));
      },
      [self, reader](count_atom) -> caf::result<int64_t> {
        if (!reader())
          return make_fault(fault::unavailable);
        return self->delegate(reader(), count_atom::value);
      },
      [self, reader](ping_atom) -> caf::result<bool> {
        if (!reader())
          return false;
        return self->delegate(reader(), ping_atom::value);
      },
      [self](edit_atom, product_edit& e) { return self->state.edit(self, std::move(e)); },
      [self](tick_atom) {
        self->state.readers.mend();
        self->state.editors.mend();
      },
      [self](flush_atom) { self->state.reload(self); },
  };
}

product_reader::behavior_type
product_reader_behavior(product_reader::stateful_pointer<product_reader_state> self,
                        const std::shared_ptr<std::unique_ptr<inventory_queries>>& queries) {
  self->state.queries = std::move(*queries);
  auto& q = *self->state.queries;
  return {
      [&q](list_atom, const product_filter& by) {
        return answer([&] {
          product_page page;
          page.products = q.list(by, page.total);
          return page;
        });
      },
      [&q](view_atom, const std::string& id) { return found_or_not([&] { return q.find(id); }); },
      [&q](ledger_atom, const std::string& id) {
        return found_or_not([&] { return q.ledger(id); });
      },
      [&q](count_atom) { return answer([&] { return q.count_active(); }); },
      [&q](again_atom, int64_t mark) {
        return answer([&] {
          product_changes changes;
          changes.mark = mark;
          changes.products = q.changed_since(changes.mark);
          return changes;
        });
      },
      [&q](ping_atom) {
        try {
          q.ping();
          return true;
        } catch (const store_error&) {
          return false;
        }
      },
  };
}

} // namespace troupe
