#pragma once
// The stock of products and what orders hold of it: applies consumed events in batches, one
// transaction a batch, on one session. Blocking: only detached actors call it.
// Source: "Stock" in docs/protocols.md; the rules themselves are domain/stock.hpp.

#include "domain/stock.hpp"
#include "persistence/idempotency.hpp"
#include "persistence/store_error.hpp"
#include "persistence/stream_log.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe {

/// A consumed event, decoded.
struct stock_input {
  stock_verb verb = stock_verb::order_created;
  std::string order_id;
  std::vector<stock_line> lines; ///< order_created: merged by product
  incoming_event origin;         ///< kept as it is when it must be parked
};

struct stock_result {
  enum class kind {
    applied,   ///< written, or a repeat whose stored answer is in `events`
    ignored,   ///< nothing to do in this state
    parked,    ///< waits in parked_events for order-created
    impossible ///< an unknown product or the like: a dead letter; `error`
  } what
      = kind::ignored;
  std::string error;
  /// Events to publish now: new ones (`fresh`: the watermark must pass them) and stored answers.
  struct answer {
    outgoing_event event;
    bool fresh = true;
  };
  std::vector<answer> events;
};

struct product {
  std::string id, name, description, category, image_url;
  cents price = 0;
  int64_t stock = 0; ///< can still be sold
  int64_t reserved = 0;
  int64_t sold = 0;
  bool active = true;
  int32_t version = 0;
  timestamp created_at{}, updated_at{};
};

/// What the shop's owner makes or changes; what is not there stays as it is.
struct product_edit {
  std::string id;
  bool creates = false; ///< then name, price and stock are there
  std::optional<std::string> name, description, category, image_url;
  std::optional<cents> price;
  std::optional<int64_t> stock; ///< what can be sold then; reserved units stay out of it
  std::optional<bool> active;
  /// Only if the product has one of these versions; nothing: whichever it has.
  std::optional<std::vector<int32_t>> versions;
  std::optional<idempotency> key; ///< of a creation
  std::string traceparent;
};

struct edited_product {
  enum class kind : uint8_t {
    written,
    repeated,  ///< nothing was to be changed, or the key's first use made this
    unknown,   ///< no such product
    taken,     ///< the id is another product's
    moved_on,  ///< it has none of the versions
    key_reused ///< the key belongs to another body
  } what
      = kind::written;
  product now;
  std::vector<stock_result::answer> events; ///< to publish, as in `stock_result`
};

class inventory_store {
public:
  virtual ~inventory_store() = default;
  virtual void connect() = 0; ///< as order_store
  virtual bool connected() const = 0;

  /// Applies `inputs` in their order in one transaction; events of one order may repeat. Parked
  /// events of an order are applied right after its order-created. First by the versions that were
  /// read; after one version conflict by locking first. An input that is bad in itself does not
  /// harm the others. Throws `lost`, `wait` (nothing written) or `fenced`; after `lost` reconnect
  /// and apply the same inputs again: natural keys make that safe.
  virtual std::vector<stock_result> apply(std::span<const stock_input> inputs) = 0;

  /// Makes or changes a product with its ledger row, in one transaction under the row's lock.
  /// Throws as `apply`; after `lost` it may have been written or not.
  virtual edited_product edit(const product_edit& e) = 0;

  virtual stream_log& log() = 0;
};

/// `low_stock`: a crossing to this many or fewer units asks for one notice to "admin". `key_life`:
/// then an idempotency key is free again.
std::unique_ptr<inventory_store>
make_inventory_store(std::string conninfo, int64_t incarnation, int64_t low_stock,
                     std::chrono::seconds key_life = default_key_life);

enum class product_order : uint8_t { name, price, created };

/// A product's place in such an order.
struct product_place {
  std::string name;
  int64_t number = 0; ///< cents of the price, or microseconds of the creation
  std::string id;     ///< decides between equals
};

struct product_filter {
  std::string category; ///< empty: all
  std::string search;   ///< literal, case-insensitive, in name or description; empty: all
  std::optional<cents> min_price, max_price;
  bool only_active = true;
  product_order order = product_order::name;
  bool descending = false;
  std::optional<product_place> after; ///< only what comes behind it, in this order
  int limit = 1000;
};

/// What the owner did to a product, and that no unit is lost: `initial` + `adjusted` = `stock` +
/// `reserved` + `sold`.
struct product_ledger {
  struct entry {
    bool creates = false;
    int32_t version = 0;        ///< of the product, from then on
    int64_t quantity = 0;       ///< by which `stock` rose, or fell
    std::optional<cents> price; ///< the new one, when it changed
    timestamp at{};
  };
  product what;
  int64_t initial = 0;
  int64_t adjusted = 0;
  std::vector<entry> entries; ///< newest first, the last 100
};

class inventory_queries {
public:
  virtual ~inventory_queries() = default;
  /// A page, in the filter's order, then by id. `total`: how many match on all pages.
  virtual std::vector<product> list(const product_filter& by, int64_t& total) = 0;
  virtual std::optional<product> find(const std::string& id) = 0;
  virtual std::optional<product_ledger> ledger(const std::string& id) = 0;
  virtual int64_t count_active() = 0;

  /// Products that changed since the mark of an earlier call (0: all), and the new mark. A product
  /// may be told twice, never be missed: the mark is the oldest transaction still running.
  virtual std::vector<product> changed_since(int64_t& mark) = 0;
  virtual void ping() = 0;
};

std::unique_ptr<inventory_queries> make_inventory_queries(std::string conninfo);

} // namespace troupe
