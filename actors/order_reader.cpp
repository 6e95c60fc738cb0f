#include "actors/order_reader.hpp"

#include "actors/ending.hpp"
#include "telemetry/fail_point.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace troupe {

namespace {

/// Questions by name (an order id, a key's scope) with who asked.
template <class Answer>
using questions = std::vector<std::pair<std::string, caf::typed_response_promise<Answer>>>;

/// The first questions of the line, as many as one query takes.
template <class Answer>
questions<Answer> take_batch(questions<Answer>& line) {
  auto end = line.begin()
             + static_cast<std::ptrdiff_t>(std::min(line.size(), order_reader_state::max_batch));
  questions<Answer> batch(std::make_move_iterator(line.begin()), std::make_move_iterator(end));
  line.erase(line.begin(), end);
  return batch;
}

template <class Answer>
std::vector<std::string> names_of(const questions<Answer>& batch) {
  std::vector<std::string> names;
  names.reserve(batch.size());
  for (const auto& [name, reply] : batch)
    names.push_back(name);
  return names;
}

template <class Answer>
void refuse(questions<Answer>& batch) {
  for (auto& [name, reply] : batch)
    reply.deliver(make_fault(fault::unavailable));
}

/// Serves the batch with `answer`. Whatever goes wrong, each of it is answered: nobody else holds
/// these promises.
template <class Answer, class Serve>
void serve(questions<Answer> batch, Serve answer) {
  if (batch.empty())
    return;
  try {
    answer(batch);
  } catch (const store_error& e) {
    log::warn("orders.load_failed", {{"error", e.what()}});
    refuse(batch);
  } catch (...) {
    refuse(batch);
    throw;
  }
}

} // namespace

void order_reader_state::start(self_ptr self, std::unique_ptr<order_queries> queries,
                               publisher_actor publisher) {
  self_ = self;
  queries_ = std::move(queries);
  publisher_ = std::move(publisher);
}

caf::result<loaded_order> order_reader_state::load(std::string&& id) {
  if (loads_.size() >= max_waiting)
    return make_fault(fault::busy);
  auto reply = self_->make_response_promise<loaded_order>();
  loads_.emplace_back(std::move(id), reply);
  schedule_flush();
  return reply;
}

caf::result<earlier_use> order_reader_state::earlier(std::string&& scope) {
  if (keys_.size() >= max_waiting)
    return make_fault(fault::busy);
  auto reply = self_->make_response_promise<earlier_use>();
  keys_.emplace_back(std::move(scope), reply);
  schedule_flush();
  return reply;
}

void order_reader_state::publish_again(std::string&& id) {
  if (repeats_.size() >= max_waiting)
    return; // the order's next deadline asks again
  repeats_.push_back(std::move(id));
  schedule_flush();
}

void order_reader_state::schedule_flush() {
  if (!std::exchange(flushing_, true))
    self_->send(self_, flush_atom::value);
}

void order_reader_state::flush() {
  flushing_ = false;
  serve_loads();
  serve_keys();
  serve_repeats();
  if (!loads_.empty() || !keys_.empty() || !repeats_.empty())
    schedule_flush();
}

void order_reader_state::serve_loads() {
  serve(take_batch(loads_), [this](auto& batch) {
    fail_point("reader.before_load");
    std::unordered_map<std::string, loaded_order> found;
    for (auto& o : queries_->load(names_of(batch))) {
      auto loaded = std::make_shared<const order>(std::move(o));
      found[loaded->id] = loaded;
    }
    for (auto& [id, reply] : batch)
      reply.deliver(found[id]);
  });
}

void order_reader_state::serve_keys() {
  serve(take_batch(keys_), [this](auto& batch) {
    auto uses = queries_->earlier_uses(names_of(batch));
    for (auto& [scope, reply] : batch)
      reply.deliver(uses[scope]);
  });
}

void order_reader_state::serve_repeats() {
  auto count = std::min(repeats_.size(), max_batch);
  if (count == 0)
    return;
  std::vector<std::string> ids(repeats_.end() - static_cast<std::ptrdiff_t>(count), repeats_.end());
  repeats_.resize(repeats_.size() - count);
  try {
    if (auto events = queries_->events_of(ids); !events.empty())
      self_->send(publisher_, publication{std::move(events), {}});
  } catch (const store_error& e) {
    log::warn("orders.repeat_failed", {{"error", e.what()}});
  }
}

caf::result<order_list> order_reader_state::list(const order_filter& by) {
  try {
    return std::make_shared<const std::vector<order>>(queries_->list(by));
  } catch (const store_error& e) {
    log::warn("orders.list_failed", {{"error", e.what()}});
    return make_fault(fault::unavailable);
  }
}

caf::result<order_figures> order_reader_state::figures() {
  try {
    return queries_->figures();
  } catch (const store_error& e) {
    log::warn("orders.figures_failed", {{"error", e.what()}});
    return make_fault(fault::unavailable);
  }
}

bool order_reader_state::ping() {
  try {
    queries_->ping();
    return true;
  } catch (const store_error&) {
    return false;
  }
}

void order_reader_state::abandon(const caf::error& why) {
  for (auto& [id, reply] : std::exchange(loads_, {}))
    reply.deliver(why);
  for (auto& [scope, reply] : std::exchange(keys_, {}))
    reply.deliver(why);
}

order_reader_actor::behavior_type
order_reader_behavior(order_reader_state::self_ptr self,
                      const std::shared_ptr<std::unique_ptr<order_queries>>& queries,
                      publisher_actor publisher) {
  self->state.start(self, std::move(*queries), std::move(publisher));
  before_ending(self, [self] { self->state.abandon(make_fault(fault::unavailable)); });
  return {
      [self](view_atom, std::string& id) { return self->state.load(std::move(id)); },
      [self](view_atom, idempotency& key) { return self->state.earlier(std::move(key.scope)); },
      [self](again_atom, std::string& id) { self->state.publish_again(std::move(id)); },
      [self](list_atom, const order_filter& by) { return self->state.list(by); },
      [self](figures_atom) { return self->state.figures(); },
      [self](ping_atom) { return self->state.ping(); },
      [self](flush_atom) { self->state.flush(); },
  };
}

caf::result<order> order_reader_router_state::view(std::string&& id, std::string&& user) {
  const auto& reader = readers.of(id);
  if (!reader)
    return make_fault(fault::unavailable);
  auto reply = self->make_response_promise<order>();
  self->request(reader, caf::infinite, view_atom::value, std::move(id))
      .then(
          [reply, user = std::move(user)](const loaded_order& found) mutable {
            if (found && (user.empty() || user == found->user_id))
              reply.deliver(*found);
            else
              reply.deliver(make_fault(fault::not_found));
          },
          [reply](const caf::error&) mutable { reply.deliver(make_fault(fault::unavailable)); });
  return reply;
}

order_reader_router::behavior_type
order_reader_router_behavior(order_reader_router::stateful_pointer<order_reader_router_state> self,
                             size_t size, crew<order_library, order_reader_router>::maker make) {
  self->state.self = self;
  self->state.readers.start(self, "order_reader", size, std::move(make));
  self->set_down_handler([self](caf::down_msg& m) { self->state.readers.down(m); });
  self->set_exit_handler([self](caf::exit_msg& m) {
    self->state.readers.stop();
    self->quit(m.reason);
  });
  auto first = [self]() -> const order_library& { return self->state.readers.all().front(); };
  return {
      [self](view_atom, std::string& id) -> caf::result<loaded_order> {
        if (const auto& reader = self->state.readers.of(id))
          return self->delegate(reader, view_atom::value, std::move(id));
        return make_fault(fault::unavailable);
      },
      [self](view_atom, std::string& id, std::string& user) {
        return self->state.view(std::move(id), std::move(user));
      },
      [self](view_atom, idempotency& key) -> caf::result<earlier_use> {
        if (const auto& reader = self->state.readers.of(key.scope))
          return self->delegate(reader, view_atom::value, std::move(key));
        return make_fault(fault::unavailable);
      },
      [self](again_atom, std::string& id) {
        if (const auto& reader = self->state.readers.of(id))
          self->send(reader, again_atom::value, std::move(id));
      },
      [self, first](list_atom, order_filter& by) -> caf::result<order_list> {
        if (!first())
          return make_fault(fault::unavailable);
        return self->delegate(first(), list_atom::value, std::move(by));
      },
      [self, first](figures_atom) -> caf::result<order_figures> {
        if (!first())
          return make_fault(fault::unavailable);
        return self->delegate(first(), figures_atom::value);
      },
      [self, first](ping_atom) -> caf::result<bool> {
        if (!first())
          return false;
        return self->delegate(first(), ping_atom::value);
      },
      [self](tick_atom) { self->state.readers.mend(); },
  };
}

} // namespace troupe
