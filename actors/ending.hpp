#pragma once
// How actors end: before one goes, by an exit message or by an exception, everybody who waits for
// it is answered. CAF drops the promises of an ending actor silently.

#include "actors/faults.hpp"
#include "telemetry/log.hpp"

#include <caf/all.hpp>

#include <exception>
#include <string>

namespace troupe {

/// What an exception says, for the log.
std::string what_of(const std::exception_ptr& e);

/// Logs what `act` throws: CAF lets an exception out of a handler of endings end the process.
template <class Act>
void contained(const char* actor, Act act) {
  try {
    act();
  } catch (...) {
    log::error("actor.threw", {{"actor", actor}, {"what", what_of(std::current_exception())}});
  }
}

/// Calls `last` before `self` ends, whichever way; it answers all that wait, and does so before
/// anything in it that can throw.
template <class Self, class Last>
void before_ending(Self self, Last last) {
  self->set_exit_handler([self, last](caf::exit_msg& m) {
    contained(self->name(), last);
    self->quit(m.reason);
  });
  self->set_exception_handler([self, last](std::exception_ptr& e) -> caf::error {
    log::error("actor.threw", {{"actor", self->name()}, {"what", what_of(e)}});
    contained(self->name(), last);
    return make_fault(fault::unavailable); // it is made again: whoever asked may ask again
  });
}

} // namespace troupe
