#pragma once
// The commands and answers of orders, and how messages that may cross nodes are serialised. Fields
// may be added at the end within one protocol version; a round-trip test covers every type.

#include "actors/fields.hpp"
#include "domain/cluster.hpp"
#include "domain/lifecycle.hpp"
#include "persistence/order_store.hpp"

#include <caf/meta/load_callback.hpp>

#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// A command for an order that exists. The card passes through to the gateway; it is never stored.
struct order_request {
  std::string order_id;
  order_command command;
  std::string user_id; ///< whose order it must be; empty: anybody's (admin, events)
  std::string payment_method, card_number;
  std::optional<idempotency> key; ///< of a client; committed with the step, if there is one
};

struct order_answer {
  order now;             ///< as of the last commit; of a replay: as the first use left it
  bool pending = false;  ///< pay: the gateway's answer is still unknown after the wait
  bool replayed = false; ///< the key was used before, with the same body
};

/// A new order: id, user, lines, total and address are filled in; the price is already checked.
struct create_request {
  order draft;
  std::optional<idempotency> key;
  std::string traceparent;
};

struct create_answer {
  order now;             ///< of a replay: as it was at version 1
  bool replayed = false; ///< the key was used before, with the same body
};

/// CAF 0.17 does not know `std::optional`: it travels as a list of none or one.
template <class Inspector, class T>
auto inspect(Inspector& f, std::optional<T>& x) {
  std::vector<T> items;
  if (x)
    items.push_back(*x);
  auto set = [&items, &x]() -> caf::error {
    x = items.empty() ? std::nullopt : std::optional<T>(std::move(items.front()));
    return caf::none;
  };
  return f(items, caf::meta::load_callback(set));
}

template <class Inspector>
auto inspect(Inspector& f, order_line& x) {
  return fields(f, "order_line", x.id, x.product_id, x.quantity, x.price, x.name, x.image_url);
}

template <class Inspector>
auto inspect(Inspector& f, history_entry& x) {
  return fields(f, "history_entry", x.status, x.payment, x.at, x.message);
}

template <class Inspector>
auto inspect(Inspector& f, order& x) {
  return fields(f, "order", x.id, x.user_id, x.status, x.payment, x.version, x.total,
                x.shipping_address, x.lines, x.history, x.attempt, x.transaction_id, x.stock_held,
                x.rounds, x.live, x.created_at, x.updated_at);
}

template <class Inspector>
auto inspect(Inspector& f, order_command& x) {
  return fields(f, "order_command", x.verb, x.reason, x.transaction_id, x.tracking_number,
                x.courier, x.version, x.attempt, x.traceparent);
}

template <class Inspector>
auto inspect(Inspector& f, idempotency& x) {
  return fields(f, "idempotency", x.scope, x.body_hash);
}

template <class Inspector>
auto inspect(Inspector& f, order_request& x) {
  return fields(f, "order_request", x.order_id, x.command, x.user_id, x.payment_method,
                x.card_number, x.key);
}

template <class Inspector>
auto inspect(Inspector& f, order_answer& x) {
  return fields(f, "order_answer", x.now, x.pending, x.replayed);
}

template <class Inspector>
auto inspect(Inspector& f, create_request& x) {
  return fields(f, "create_request", x.draft, x.key, x.traceparent);
}

template <class Inspector>
auto inspect(Inspector& f, create_answer& x) {
  return fields(f, "create_answer", x.now, x.replayed);
}

template <class Inspector>
auto inspect(Inspector& f, incoming_event& x) {
  return fields(f, "incoming_event", x.topic, x.partition, x.offset, x.key, x.value, x.tombstone,
                x.id, x.source, x.traceparent);
}

template <class Inspector>
auto inspect(Inspector& f, cluster_member& x) {
  return fields(f, "cluster_member", x.incarnation, x.name, x.address, x.protocol, x.lives,
                x.joined, x.leaving);
}

template <class Inspector>
auto inspect(Inspector& f, shard_place& x) {
  return fields(f, "shard_place", x.owner, x.epoch);
}

} // namespace troupe
