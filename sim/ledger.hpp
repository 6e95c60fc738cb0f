#pragma once
// The ledger of acknowledged answers: what the server has told our customers, remembered in little
// space, and compared with everything it tells them later. What is wrong is kept as violations;
// what can only be judged when all is quiet is judged by verdict.hpp. No clock, no I/O: the order
// of the calls is all that counts.
//
// `known` below is the version of the order that was known when the request was sent: an answer may
// be overtaken by others, but never tell less than was known before it was asked.

#include "sim/order_sight.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::sim {

struct violation {
  std::string promise; ///< "lost answer", "order changed", …
  std::string user;
  std::string order; ///< empty: of none
  std::string what;
  bool may_heal = false; ///< time may bring it: only final once the run has settled
  bool operator==(const violation&) const = default;
};

/// A customer's intention to order, known by the `reference` in the address.
struct wish {
  std::vector<sighted_line> lines;
  bool keyed = false;
  int sent = 0;
  int unknown = 0;           ///< of those, without an answer that says what happened
  std::set<std::string> ids; ///< acknowledged
};

struct order_facts {
  order_essence essence;
  payment_status payment = payment_status::pending; ///< as last seen
  std::vector<sighted_row> history;
  std::string transaction;
  int pays_sent = 0;       ///< of any card
  int chargeable_sent = 0; ///< of those, with a card that may be charged
  bool paid = false;       ///< a payment was acknowledged
  bool declined = false;   ///< likewise
  bool cancelled = false;  ///< a cancellation was
  int version() const { return static_cast<int>(history.size()); }
};

struct user_facts {
  std::map<std::string, wish> wishes; ///< by reference
  std::set<std::string> orders;
  std::map<std::string, uint64_t> notifications; ///< digests by id
  std::vector<std::string> streamed;             ///< ids, in the order of the stream
};

class ledger {
public:
  /// A POST of a wish is about to be sent.
  wish& sending(const std::string& user, const std::string& reference,
                std::vector<sighted_line> lines, bool keyed);
  /// It was answered with this order; `replayed`: with the stored answer of the key.
  void created(const std::string& user, const std::string& reference, const order_sight& s,
               const std::string& etag, bool replayed);

  /// The newest version of an order that an answer has shown; 0: none.
  int version_of(const std::string& order) const;
  /// An answer with a whole order. `etag` is empty where none is promised.
  void saw(const order_sight& s, int known, const std::string& etag, const char* where);
  /// A 304 to `If-None-Match: "asked"`.
  void not_modified(const std::string& order, int asked, int known, const std::string& etag);
  /// A 200 where a 304 was due, since the client has this very version.
  void saw_again(const std::string& order, int asked);
  /// A 404 for an order of the asker's.
  void missing(const std::string& order, const char* where);
  /// An event of an order's stream, after the one with version `before` (0: none).
  void streamed(const order_sight& s, int64_t id, int before, int known);

  void paying(const std::string& order, bool chargeable);
  /// A 200 to a payment.
  void paid(const std::string& order, bool success, const std::string& transaction);
  void cancelled(const order_sight& s);

  /// A notification in a list or, with its place, on a stream.
  void notified(const std::string& user, const nlohmann::json& n);
  void notified_by_stream(const std::string& user, const nlohmann::json& n, int64_t place,
                          int64_t before);

  /// An answer that cannot be read as what it should be.
  void unreadable(const std::string& user, const std::string& order, const char* where);

  const std::map<std::string, user_facts>& users() const { return users_; }
  const std::unordered_map<std::string, order_facts>& orders() const { return orders_; }
  const order_facts* find(const std::string& order) const;
  /// Each once, at most `most_violations`; `count` counts them all.
  const std::vector<violation>& violations() const { return violations_; }
  size_t count() const { return told_.size(); }
  void add(violation v);

  static constexpr size_t most_violations = 1000;

private:
  void add(const char* promise, const std::string& order, std::string what);
  void learn(order_facts& facts, const order_sight& s);

  std::map<std::string, user_facts> users_;
  std::unordered_map<std::string, order_facts> orders_;
  std::vector<violation> violations_;
  std::set<uint64_t> told_; ///< digests of the violations
};

/// How an answer contradicts what is remembered: fields that changed, a history that is not a
/// continuation. Empty: it does not.
std::string contradiction(const order_facts& facts, const order_sight& s);

/// The parts of a notification that never change, and where it belongs.
struct notification_sight {
  std::string id, order, title;
  uint64_t digest = 0;
};
std::optional<notification_sight> read_notification(const nlohmann::json& n);

} // namespace troupe::sim
