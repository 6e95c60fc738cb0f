#pragma once
// A whole shop in virtual time, from one seed: the real actors of `node` on CAF's test coordinator,
// against fakes that fail. The order in which actors run is the seed's choice too. One thread, and
// several worlds may run on several threads.

#include "actors/node.hpp"
#include "domain/chance.hpp"
#include "tests/dst/books.hpp"
#include "tests/dst/mishaps.hpp"
#include "tests/dst/trace.hpp"
#include "tests/support/stage.hpp"

#include <functional>
#include <memory>

namespace troupe::dst {

/// One run of the program, from its start to its end or its fence.
struct process {
  int64_t incarnation = 0;
  bool gone = false; ///< died: nothing of it reaches the bus any more
  std::shared_ptr<lease> mine = lease::unlimited();
  std::unique_ptr<node> serving;
};
using process_ptr = std::shared_ptr<process>;

using task = std::shared_ptr<std::function<void()>>;

class world : public books, public test::stage {
public:
  using milliseconds = std::chrono::milliseconds;

  explicit world(uint64_t seed, sabotage rule = sabotage::none);
  /// Ends every process and lets all that is under way come to its end.
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  chance dice;
  mishaps faults;
  trace log;
  const sabotage broken; ///< the rule that this run breaks

  /// Virtual time since the start.
  milliseconds at() const;
  void note(std::string_view order, std::string what) { log.note(at(), order, std::move(what)); }
  /// `m` happens now, by the seed's choice; noted.
  bool strikes(mishap m, std::string_view order = {});

  /// Does `what` after `delay`, as an actor of its own.
  void later(milliseconds delay, std::function<void()> what);
  /// The actor that does what `later` was told: requests of the outside are its.
  caf::event_based_actor* outside() const { return outside_; }
  /// Something may be on its way through the bus: lets it move soon.
  void bus_moves();

  /// The way to orders, while there is a process that may serve them.
  order_door door() const;
  /// The caller, an actor that waits for a database, stands still for `span`; all others go on, and
  /// may stand still in turn.
  void stand_still(milliseconds span);
  /// Lets the shop live until `over` says so (asked every other second) or `limit` has passed;
  /// false: the limit.
  bool live(const std::function<bool()>& over, milliseconds limit);

  // What happens to processes.
  void start();
  /// At once, in the middle of everything.
  void kill();
  /// In order.
  void end();
  /// Its lease is over, another takes over, and it does not know yet.
  void fence();
  /// The operator looks at orders that keep crashing: here, by starting the process again.
  void release_quarantined();

private:
  void add_products();
  void advance();
  void run_any();
  void weather();
  void pass_for_a_while(milliseconds longest, const std::function<void(bool)>& set);
  void fence_databases(const process_ptr& p);
  void replace(milliseconds delay);
  void broke(const process_ptr& p);
  void pump();
  node_parts parts(const process_ptr& p);
  void add_stores(node_parts& made, const process_ptr& p);
  void add_sizes(node_parts& made);

  caf::event_based_actor* outside_ = nullptr;
  caf::actor doer_;
  caf::actor_clock::time_point began_;
  std::vector<process_ptr> processes_;
  process_ptr present_; ///< the one that may serve; null: none
  int64_t incarnations_ = 0;
  bool pumping_ = false;
  bool starting_ = false;
};

} // namespace troupe::dst

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::dst::task)
