#pragma once
// Every actor's typed interface, in one sitting: who answers what with what.
//
//   http_gateway ─▶ order_region ─▶ order_shard ─▶ order ─▶ order_journal
//                                                    │          │
//                          payment_pool ◀────────────┘          ▼
//   kafka_bridge ─▶ (order_inbox, inventory_pool, payment_pool, emailing_pool) ─▶ kafka_bridge
//
// A failed answer is a `caf::error` made by `make_fault` (actors/faults.hpp). Messages that are
// marked local never leave the process; the others have an `inspect` in actors/inspect.hpp.

#include "actors/faults.hpp"
#include "actors/inspect.hpp"
#include "domain/diagnosis.hpp"
#include "domain/payment.hpp"
#include "persistence/emailing_store.hpp"
#include "persistence/inbox.hpp"
#include "persistence/inventory_store.hpp"
#include "persistence/letters.hpp"
#include "persistence/order_queries.hpp"
#include "persistence/order_store.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

// ---- words ------------------------------------------------------------------------------------

using view_atom = caf::atom_constant<caf::atom("view")>;       ///< show, change nothing
using flush_atom = caf::atom_constant<caf::atom("flush")>;     ///< self: the mailbox was gathered
using tick_atom = caf::atom_constant<caf::atom("tick")>;       ///< self: look at the clock
using rest_atom = caf::atom_constant<caf::atom("rest")>;       ///< passivate, if idle
using leave_atom = caf::atom_constant<caf::atom("leave")>;     ///< hand over to another node
using lost_atom = caf::atom_constant<caf::atom("lost")>;       ///< a peer's connection broke
using moved_atom = caf::atom_constant<caf::atom("moved")>;     ///< where a shard is now
using settle_atom = caf::atom_constant<caf::atom("settle")>;   ///< learn how an attempt ended
using again_atom = caf::atom_constant<caf::atom("again")>;     ///< publish an order's events again
using park_atom = caf::atom_constant<caf::atom("park")>;       ///< keep an event for later
using bury_atom = caf::atom_constant<caf::atom("bury")>;       ///< keep an event as a dead letter
using replay_atom = caf::atom_constant<caf::atom("replay")>;   ///< hand a letter over once more
using discard_atom = caf::atom_constant<caf::atom("discard")>; ///< end a letter's waiting
using list_atom = caf::atom_constant<caf::atom("list")>;       ///< a list, by a filter
using read_atom = caf::atom_constant<caf::atom("read")>;       ///< mark as read
using edit_atom = caf::atom_constant<caf::atom("edit")>;       ///< make or change a product
using ledger_atom = caf::atom_constant<caf::atom("ledger")>;   ///< a product's edits
using figures_atom = caf::atom_constant<caf::atom("figures")>; ///< GET /analytics/orders
using count_atom = caf::atom_constant<caf::atom("count")>;
using ping_atom = caf::atom_constant<caf::atom("ping")>;         ///< does your database answer?
using diagnose_atom = caf::atom_constant<caf::atom("diagnose")>; ///< GET /orders/:id/diagnosis

// ---- orders -----------------------------------------------------------------------------------

/// The way to orders: `order_region`, one a node, hands on to the `order_shard` that owns the id.
/// `view`: order id, and whose it must be (empty: anybody's).
using order_door
    = caf::typed_actor<caf::replies_to<view_atom, std::string, std::string>::with<order>,
                       caf::replies_to<order_request>::with<order_answer>,
                       caf::replies_to<create_request>::with<create_answer>>;

/// One order. Views (whose it must be; empty: anybody's) show the last committed state; commands
/// are answered one at a time, later ones wait in a bounded line. `rest_atom`: true if it was idle
/// and ends now. `leave_atom`: true once it writes nothing any more; how a charge ends that still
/// runs here it tells the order's next owner, by the door. `tick_atom`, from itself: the payers of
/// this attempt have waited.
using order_actor = caf::typed_actor<
    caf::replies_to<view_atom, std::string>::with<order>,
    caf::replies_to<order_request>::with<order_answer>,
    caf::replies_to<create_request>::with<create_answer>, caf::replies_to<rest_atom>::with<bool>,
    caf::replies_to<leave_atom, order_door>::with<bool>, caf::reacts_to<tick_atom, int32_t>>;

/// How this node holds an order; asking changes nothing.
using order_presence
    = caf::typed_actor<caf::replies_to<diagnose_atom, std::string>::with<presence>>;

/// Makes steps durable. Answers each after the commit that carries it, or with `busy` (its line is
/// full) or `unavailable` (nothing was written). Local.
using order_journal = caf::typed_actor<caf::replies_to<write_set>::with<commit_result>>;

/// An order as loaded; null: there is none. Local.
using loaded_order = std::shared_ptr<const order>;

/// A page of orders. Local.
using order_list = std::shared_ptr<const std::vector<order>>;

/// Loads orders, many in one query. `again`: publishes all events of an order again. Local.
/// `flush`, `tick`: from itself.
using order_reader = caf::typed_actor<caf::replies_to<view_atom, std::string>::with<loaded_order>,
                                      caf::reacts_to<again_atom, std::string>,
                                      caf::replies_to<list_atom, order_filter>::with<order_list>,
                                      caf::replies_to<figures_atom>::with<order_figures>,
                                      caf::replies_to<ping_atom>::with<bool>>;

/// An order as committed, whoever owns it; whose it must be, as with `order_door`. Local.
using committed_orders
    = caf::typed_actor<caf::replies_to<view_atom, std::string, std::string>::with<order>>;

/// What an idempotency key was used for; with an empty order id: for nothing, or too long ago. The
/// journal answers the second use of a creation's key by itself; this is for a repeat that no
/// longer gets there, because the catalogue would refuse it today, and for orders, which look
/// before they judge a command. Local.
using order_key_reader
    = caf::typed_actor<caf::replies_to<view_atom, idempotency>::with<earlier_use>>;

// ---- payment ----------------------------------------------------------------------------------

/// Local: the card stays in this process.
struct charge {
  std::string order_id;
  int32_t attempt = 0;
  cents amount = 0;
  std::string payment_method, card_number;
  std::string traceparent;
};

/// How an attempt stands. `pending`: unknown, or somebody is still at it; ask again later.
struct charge_outcome {
  std::string order_id;
  int32_t attempt = 0;
  attempt_status status = attempt_status::pending;
  std::string transaction_id; ///< captured
  std::string reason;         ///< declined, voided
};

// ---- events -----------------------------------------------------------------------------------

/// What became of a consumed event.
struct consumed {
  enum class kind : uint8_t {
    done,        ///< applied, or a repeat, or nothing to do: the offset may move on
    busy,        ///< try again after a while; counts towards the record's 30 s
    unavailable, ///< the service's database is down: pause its partitions, try again for ever
    poison       ///< can never be applied: a dead letter; `error` says why
  } what = kind::done;
  std::string error;
};

/// Applies events of one service, once each.
using event_handler = caf::typed_actor<caf::replies_to<incoming_event>::with<consumed>>;

/// Charges and settles for orders, and consumes order-cancelled. Answers within the charge limit.
using payment_pool
    = event_handler::extend<caf::replies_to<charge>::with<charge_outcome>,
                            caf::replies_to<settle_atom, charge>::with<charge_outcome>>;

/// Where a stream's events come from, told what has been delivered. Local.
using outbox_owner = caf::typed_actor<caf::reacts_to<std::vector<position>>>;

/// Events to publish; with an owner, each delivery is reported to it by the row's position.
struct publication {
  std::vector<outgoing_event> events;
  outbox_owner owner; ///< null: published again, nobody counts
};

/// The door to Kafka, outward: takes events, in order. Local.
using publisher_actor = caf::typed_actor<caf::reacts_to<publication>>;

/// Keeps what a service could not apply. Answers after the commit. Local.
using inbox_actor = caf::typed_actor<caf::replies_to<park_atom, parked_event>::with<bool>,
                                     caf::replies_to<bury_atom, dead_letter>::with<bool>,
                                     caf::replies_to<ping_atom>::with<bool>>;

// ---- queries ----------------------------------------------------------------------------------

struct product_page {
  std::vector<product> products;
  int64_t total = 0;
};

/// A line that a customer wants, with the price that they saw, if they sent it.
struct wanted_line {
  std::string product_id;
  int32_t quantity = 0; ///< merged
  std::optional<cents> price;
};

/// The catalogue's word on wanted lines, from memory (at most about a second old).
struct quote {
  std::vector<order_line> lines; ///< priced, in the order asked, without ids
  std::vector<std::string> unknown;
  struct price_now {
    std::string product_id;
    cents price = 0;
  };
  std::vector<price_now> changed; ///< lines whose sent price is not the catalogue's
  struct stock_now {
    std::string product_id;
    int64_t available = 0;
  };
  std::vector<stock_now> short_of;
  cents total = 0;
  bool too_large = false; ///< the total would pass `max_amount`
};

/// A product as the owner's edit left it. `repeated`: nothing was written.
struct product_answer {
  product now;
  bool repeated = false;
};

/// Makes and changes products. Answers after the commit. Local.
using product_editor
    = caf::typed_actor<caf::replies_to<edit_atom, product_edit>::with<product_answer>>;

/// Answers quotes from memory, lists from the database. It knows of an edit when it answers it.
using catalogue_actor
    = product_editor::extend<caf::replies_to<std::vector<wanted_line>>::with<quote>,
                             caf::replies_to<list_atom, product_filter>::with<product_page>,
                             caf::replies_to<view_atom, std::string>::with<product>,
                             caf::replies_to<ledger_atom, std::string>::with<product_ledger>,
                             caf::replies_to<count_atom>::with<int64_t>,
                             caf::replies_to<ping_atom>::with<bool>>;

struct notification_filter {
  std::string user_id;
  bool only_unread = false;
  int limit = 50;
  int64_t before = INT64_MAX; ///< `seq`
};

/// A user's notifications. `read`: user id, notification id. A list by cursors: what follows each,
/// so many at most.
using notification_actor = caf::typed_actor<
    caf::replies_to<list_atom, notification_filter>::with<std::vector<notification>>,
    caf::replies_to<list_atom, std::vector<notification_cursor>, int>::with<notification_feed>,
    caf::replies_to<read_atom, std::string, std::string>::with<notification>,
    caf::replies_to<ping_atom>::with<bool>>;

// ---- diagnosis --------------------------------------------------------------------------------

/// What one service's database holds of an order; an asker who waits no longer than until then gets
/// no answer that is worth its work. Local.
using diagnosis_reader
    = caf::typed_actor<caf::replies_to<diagnose_atom, std::string,
                                       std::chrono::steady_clock::time_point>::with<service_facts>>;

/// Where an order is, across the services; a part that does not answer in time is left out.
/// `not_found` when the orders database says so. Local.
using diagnosis_actor
    = caf::typed_actor<caf::replies_to<diagnose_atom, std::string>::with<diagnosis>>;
// ---- letters ----------------------------------------------------------------------------------

/// Dead letters or parked events, newest first.
struct letter_filter {
  std::optional<service> of; ///< none: all services'
  letter_state state = letter_state::dead;
  int limit = 50;
  std::optional<letter_place> after;
};

/// A letter that is to be handed over once more. `by`: a user id.
struct replay_request {
  letter_id id;
  std::string by;
  std::optional<idempotency> key;
};

/// `repeated`: it is the answer that its key got at first.
struct replay_answer {
  replay_outcome outcome;
  bool repeated = false;
};

/// What services could not apply, for the admin: `letter_router` for all services, a `letter_desk`
/// for one. The text is a user id: who discards it. Local.
using letters_actor
    = caf::typed_actor<caf::replies_to<list_atom, letter_filter>::with<letter_page>,
                       caf::replies_to<replay_atom, replay_request>::with<replay_answer>,
                       caf::replies_to<discard_atom, letter_id, std::string>::with<bool>>;

} // namespace troupe

// Local messages: they hold pointers, handles or secrets, and never leave the process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::write_set)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::commit_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::loaded_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::order_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::order_filter)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::earlier_use)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::order_figures)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::charge)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::charge_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::publication)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::consumed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::parked_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::dead_letter)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::letter_filter)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::letter_id)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::letter_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::replay_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::replay_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::product_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::product_filter)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::product)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::product_ledger)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::product_edit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::product_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<troupe::wanted_line>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::wanted_line)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::quote)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::notification_filter)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::notification)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::notification_cursor)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<troupe::notification_cursor>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::notification_feed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<troupe::notification>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::service_facts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::diagnosis)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::chrono::steady_clock::time_point)
