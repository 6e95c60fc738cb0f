#include "http/watch_desk.hpp"

#include "actors/ending.hpp"
#include "actors/interfaces.hpp"
#include "http/fault_table.hpp"

#include <utility>

namespace troupe::http {

namespace {

caf::behavior desk_behavior(watch_desk::actor_ptr self, std::chrono::milliseconds tick,
                            const watch_desk::job& on_tick) {
  self->delayed_send(self, tick, tick_atom::value);
  return {
      [self](const watch_job& job) { contained("watch_desk", [&] { job.run(self); }); },
      [self, tick, on_tick](tick_atom) {
        contained("watch_desk", [&] { on_tick(self); });
        self->delayed_send(self, tick, tick_atom::value);
      },
  };
}

} // namespace

watch_desk::watch_desk(caf::actor_system& system, const waiting_options& options, job on_tick)
    : system_(system),
      overloaded_(options.overloaded),
      desk_(system.spawn(desk_behavior, options.tick, std::move(on_tick))) {}

waiting_room::seat_ptr watch_desk::admit(waiting_room& room, call& c,
                                         const std::string& key) const {
  if (stopped_) {
    c.fail(problem_of(fault::unavailable, {}));
    return nullptr;
  }
  auto place = overloaded_ && overloaded_() ? nullptr : room.enter(key);
  if (!place)
    c.fail(problem_of(fault::busy, {}));
  return place;
}

void watch_desk::post(job what) {
  caf::anon_send(desk_, watch_job{std::move(what)});
}

void watch_desk::stop(job last) {
  if (stopped_.exchange(true))
    return;
  post([last = std::move(last)](actor_ptr self) {
    contained("watch_desk", [&] { last(self); });
    self->quit();
  });
  caf::scoped_actor self{system_};
  self->wait_for(desk_);
}

} // namespace troupe::http
