#pragma once
// Explains where an order is: asks one reader a service for what its database holds, and the region
// for how the node holds the order, all side by side, and answers when each has spoken or let its
// time pass. So a database that is away costs its own part and no more than that time. Readers
// block in their sessions (production detaches them); the desk never waits.

#include "actors/crew.hpp"
#include "persistence/diagnosis_queries.hpp"

namespace troupe {

using diagnosis_desk = diagnosis_actor::extend<caf::reacts_to<tick_atom>>;

struct diagnosis_options {
  std::chrono::milliseconds within{3000}; ///< a part that takes longer is unavailable
  size_t max_open = 64;                   ///< the next is told `busy`
};

class diagnosis_desk_state {
public:
  using self_ptr = diagnosis_desk::stateful_pointer<diagnosis_desk_state>;
  using reader_crew = crew<diagnosis_reader, diagnosis_desk>;
  static inline const char* name = "diagnosis_desk";

  /// `make_reader` makes the reader of the `service` with that number.
  void start(self_ptr self, order_presence orders, reader_crew::maker make_reader,
             diagnosis_options options);
  caf::result<diagnosis> examine(const std::string& order_id);
  void abandon(const caf::error& why);

  reader_crew readers;

private:
  struct examination {
    diagnosis found;
    int missing = 0; ///< parts that have not spoken
    caf::typed_response_promise<diagnosis> reply;
  };
  using examination_ptr = std::shared_ptr<examination>;

  void ask(service whose, const examination_ptr& of);
  void ask_region(const examination_ptr& of);
  void spoken(const examination_ptr& of);

  self_ptr self_ = nullptr;
  order_presence orders_;
  diagnosis_options options_;
  std::vector<examination_ptr> open_;
};

diagnosis_desk::behavior_type
diagnosis_desk_behavior(diagnosis_desk_state::self_ptr self, order_presence orders,
                        diagnosis_desk_state::reader_crew::maker make_reader,
                        diagnosis_options options);

struct diagnosis_reader_state {
  static inline const char* name = "diagnosis_reader";
  std::unique_ptr<diagnosis_queries> queries;
};

diagnosis_reader::behavior_type
diagnosis_reader_behavior(diagnosis_reader::stateful_pointer<diagnosis_reader_state> self,
                          const std::shared_ptr<std::unique_ptr<diagnosis_queries>>& queries);

} // namespace troupe
