#pragma once
// Events as Kafka records: CloudEvents Kafka binary mode, so the value stays exactly the contract's
// JSON and the metadata travels in headers. Pure. Source: "Events" in docs/api.md.

#include "domain/event.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::kafka {

using header_list = std::vector<std::pair<std::string, std::string>>;

/// The headers of `e`'s record; key and value are `e.what`'s own. The same event gives the same
/// bytes each time. `ce_subject` is the order id, and is missing from a notice without an order.
header_list headers_of(const outgoing_event& e);

/// A record as it came, by reference to the library's memory.
struct record_view {
  std::string_view topic;
  int32_t partition = 0;
  int64_t offset = 0;
  std::string_view key;                  ///< empty when the record has none
  std::optional<std::string_view> value; ///< none: a tombstone
  std::vector<std::pair<std::string_view, std::string_view>> headers;
};

/// Never fails: any record of any producer gives an event. Its identity is (ce_source, ce_id) when
/// both are there and are 1 to 255 visible ASCII characters (they end up in database columns),
/// else ("kafka", topic/partition/offset). A traceparent that is not in W3C's form is dropped. Key
/// and value are bytes: they need not be UTF-8.
incoming_event decode(const record_view& r);

} // namespace troupe::kafka
