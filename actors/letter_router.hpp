#pragma once
// The way to all services' letters: asks the desk of the one that is meant, or all four and merges
// their pages. When one of the four cannot answer, neither can the whole: a list that leaves
// letters out without saying so would be believed.

#include "actors/crew.hpp"

namespace troupe {

using letter_router = letters_actor::extend<caf::reacts_to<tick_atom>>;

class letter_router_state {
public:
  using self_ptr = letter_router::stateful_pointer<letter_router_state>;
  static inline const char* name = "letter_router";

  void start(self_ptr self, crew<letters_actor, letter_router>::maker make);
  caf::result<letter_page> list(const letter_filter& by);
  /// Null while it is made again.
  const letters_actor& desk_of(service s) const { return desks.all()[static_cast<size_t>(s)]; }

  crew<letters_actor, letter_router> desks;

private:
  struct gathering;

  void ask(service s, const std::shared_ptr<gathering>& all);

  self_ptr self_ = nullptr;
};

/// `make`: the desk of a service, by the service's number.
letter_router::behavior_type letter_router_behavior(letter_router_state::self_ptr self,
                                                    crew<letters_actor, letter_router>::maker make);

} // namespace troupe
