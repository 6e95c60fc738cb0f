#include "actors/diagnosis_desk.hpp"

#include "actors/ending.hpp"

#include <utility>

namespace troupe {

void diagnosis_desk_state::start(self_ptr self, order_presence orders,
                                 reader_crew::maker make_reader, diagnosis_options options) {
  self_ = self;
  orders_ = std::move(orders);
  options_ = options;
  readers.start(self, "diagnosis_reader", service_count, std::move(make_reader));
}

caf::result<diagnosis> diagnosis_desk_state::examine(const std::string& order_id) {
  if (open_.size() >= options_.max_open)
    return make_fault(fault::busy);
  auto one = std::make_shared<examination>();
  one->found.order_id = order_id;
  one->missing = service_count + 1;
  one->reply = self_->make_response_promise<diagnosis>();
  open_.push_back(one);
  for (int i = 0; i < service_count; ++i)
    ask(static_cast<service>(i), one);
  ask_region(one);
  return one->reply;
}

void diagnosis_desk_state::ask(service whose, const examination_ptr& of) {
  const auto& reader = readers.all().at(static_cast<size_t>(whose));
  if (!reader)
    return spoken(of);
  self_
      ->request(reader, options_.within, diagnose_atom::value, of->found.order_id,
                std::chrono::steady_clock::now() + options_.within)
      .then(
          [this, whose, of](service_facts& facts) {
            of->found.facts.at(static_cast<size_t>(whose)) = std::move(facts);
            spoken(of);
          },
          [this, of](const caf::error&) { spoken(of); });
}

void diagnosis_desk_state::ask_region(const examination_ptr& of) {
  self_->request(orders_, options_.within, diagnose_atom::value, of->found.order_id)
      .then(
          [this, of](presence how) {
            of->found.actor = how;
            spoken(of);
          },
          [this, of](const caf::error&) { spoken(of); });
}

void diagnosis_desk_state::spoken(const examination_ptr& of) {
  if (--of->missing > 0 || std::erase(open_, of) == 0)
    return;
  const auto& orders = of->found.of(service::order);
  if (orders && !orders->order)
    of->reply.deliver(make_fault(fault::not_found));
  else
    of->reply.deliver(std::move(of->found));
}

void diagnosis_desk_state::abandon(const caf::error& why) {
  for (auto& each : std::exchange(open_, {}))
    each->reply.deliver(why);
  readers.stop();
}

diagnosis_desk::behavior_type
diagnosis_desk_behavior(diagnosis_desk_state::self_ptr self, order_presence orders,
                        diagnosis_desk_state::reader_crew::maker make_reader,
                        diagnosis_options options) {
  self->state.start(self, std::move(orders), std::move(make_reader), options);
  self->set_down_handler([self](caf::down_msg& m) { self->state.readers.down(m); });
  before_ending(self, [self] { self->state.abandon(make_fault(fault::unavailable)); });
  return {
      [self](diagnose_atom, const std::string& id) { return self->state.examine(id); },
      [self](tick_atom) { self->state.readers.mend(); },
  };
}

diagnosis_reader::behavior_type
diagnosis_reader_behavior(diagnosis_reader::stateful_pointer<diagnosis_reader_state> self,
                          const std::shared_ptr<std::unique_ptr<diagnosis_queries>>& queries) {
  self->state.queries = std::move(*queries);
  return {[&q = *self->state.queries](
              diagnose_atom, const std::string& id,
              std::chrono::steady_clock::time_point until) -> caf::result<service_facts> {
    // A database that hangs must not be asked for those who have gone meanwhile.
    if (std::chrono::steady_clock::now() >= until)
      return make_fault(fault::unavailable);
    try {
      return q.of(id);
    } catch (const store_error& e) {
      log::warn("diagnosis.part_unavailable", {{"error", e.what()}});
      return make_fault(fault::unavailable);
    }
  }};
}

} // namespace troupe
