#pragma once
// The catalogue: quotes from memory, lists from the database, the owner's edits through a worker.
// Readers and workers block in their sessions (production detaches them); the catalogue itself
// never waits, and asks one of them every second what has changed.

#include "actors/crew.hpp"
#include "telemetry/health.hpp"

#include <unordered_map>

namespace troupe {

/// Products that changed since `mark`, and the mark to ask with next.
struct product_changes {
  std::vector<product> products;
  int64_t mark = 0;
};

/// Reads the inventory database. `again`: what has changed since a mark (0: everything).
using product_reader
    = caf::typed_actor<caf::replies_to<list_atom, product_filter>::with<product_page>,
                       caf::replies_to<view_atom, std::string>::with<product>,
                       caf::replies_to<ledger_atom, std::string>::with<product_ledger>,
                       caf::replies_to<count_atom>::with<int64_t>,
                       caf::replies_to<again_atom, int64_t>::with<product_changes>,
                       caf::replies_to<ping_atom>::with<bool>>;

/// `tick`, from itself: mend the readers; `flush`, from itself: reload what has changed.
using catalogue_keeper
    = catalogue_actor::extend<caf::reacts_to<tick_atom>, caf::reacts_to<flush_atom>>;

/// Prices `wanted` by `products`. Pure.
quote make_quote(const std::unordered_map<std::string, product>& products,
                 const std::vector<wanted_line>& wanted);

struct catalogue_state {
  using self_ptr = catalogue_keeper::stateful_pointer<catalogue_state>;
  static inline const char* name = "catalogue";

  crew<product_reader, catalogue_keeper> readers;
  crew<product_editor, catalogue_keeper> editors;
  std::unordered_map<std::string, product> products;
  int64_t mark = 0;    ///< of the last reload
  bool loaded = false; ///< before that, every product would look unknown: nothing is quoted
  health_board* board = nullptr;

  void reload(self_ptr self);
  void show(health state, std::string detail);
  /// Takes a row in, unless a later version of it is known: answers may overtake each other.
  void learn(product p);
  caf::result<product_answer> edit(self_ptr self, product_edit&& e);
};

/// `board`, when given, shows whether orders can be priced.
catalogue_keeper::behavior_type catalogue_behavior(
    catalogue_state::self_ptr self, crew<product_reader, catalogue_keeper>::maker make_reader,
    crew<product_editor, catalogue_keeper>::maker make_editor, health_board* board = nullptr);

struct product_reader_state {
  static inline const char* name = "product_reader";
  std::unique_ptr<inventory_queries> queries;
};

product_reader::behavior_type
product_reader_behavior(product_reader::stateful_pointer<product_reader_state> self,
                        const std::shared_ptr<std::unique_ptr<inventory_queries>>& queries);

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::product_changes)
