#pragma once
// The payment gateway simulator's own books, in a database of their own: what it has charged,
// declined, voided and refunded, by key, for ever. Blocking; one ledger a thread. Throws
// `store_error`; a call that threw may be repeated.

#include "domain/money.hpp"
#include "persistence/store_error.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

struct ledger_entry {
  std::string key;        ///< the client's idempotency key
  std::string kind;       ///< "charge" or "refund"
  std::string status;     ///< charge: captured, declined, voided; refund: refunded, refused
  std::string charge_key; ///< refund: of the charge that it gives back
  std::string order_id;   ///< empty: voided before it was ever charged
  cents amount = 0;
  std::string currency;
  std::string card_last4; ///< all that is kept of a card
  std::string transaction_id;
  std::string reason;
  int64_t calls = 0;     ///< how often a charge or refund presented the key
  bool refunded = false; ///< charge: its money went back
};

class gateway_ledger {
public:
  virtual ~gateway_ledger() = default;
  /// Records `wanted` unless its key is known, in one statement; returns what stands in the books
  /// under that key (the first one for ever) with `calls` raised. `fresh`: it is this call's.
  virtual ledger_entry record(const ledger_entry& wanted, bool& fresh) = 0;
  /// Voids by key, atomically: a known entry is returned as it is; an unknown key gets a `voided`
  /// entry that refuses every later charge with it.
  virtual ledger_entry void_charge(const std::string& key, const std::string& reason) = 0;
  /// Gives `charge_key`'s money back under `key`, as `transaction_id`. Refused, for ever, unless
  /// captured with that amount and not yet refunded. A known key is returned as it is.
  virtual ledger_entry refund(const std::string& key, const std::string& charge_key, cents amount,
                              const std::string& transaction_id)
      = 0;
  virtual std::optional<ledger_entry> find(const std::string& key) = 0;
  /// Oldest first.
  virtual std::vector<ledger_entry> of_order(const std::string& order_id) = 0;
  virtual void ping() = 0;
};

std::unique_ptr<gateway_ledger> make_gateway_ledger(std::string conninfo);

} // namespace troupe
