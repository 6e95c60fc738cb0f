#include "kafka-bridge/codec.hpp"

#include <algorithm>

namespace troupe::kafka {

namespace {

/// Fit for an id column and for a log line.
bool plain(std::string_view s) {
  constexpr size_t longest = 255;
  return !s.empty() && s.size() <= longest
         && std::all_of(s.begin(), s.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// `00-<32 hex>-<16 hex>-<2 hex>`, lower case, as W3C Trace Context says of version 00.
bool traceparent_shaped(std::string_view s) {
  constexpr std::string_view form = "00-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";
  return std::equal(s.begin(), s.end(), form.begin(), form.end(), [](char c, char f) {
    return f == 'h' ? (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') : c == f;
  });
}

/// The key is the order's id, except in a notice that concerns no order. Values are in canonical
/// form and ids need no escaping, so the text can be searched as it is.
bool about_an_order(const event& e) {
  return e.topic != topic::notification_requested
         || e.value.find("\"orderId\":\"" + e.key + '"') != std::string::npos;
}

} // namespace

header_list headers_of(const outgoing_event& e) {
  header_list out;
  out.reserve(9);
  out.emplace_back("ce_specversion", "1.0");
  out.emplace_back("ce_id", event_id(e));
  out.emplace_back("ce_type", "troupe." + e.what.topic);
  out.emplace_back("ce_source", event_source(e.from));
  if (about_an_order(e.what))
    out.emplace_back("ce_subject", e.what.key);
  out.emplace_back("ce_time", to_iso8601(e.time));
  out.emplace_back("content-type", "application/json");
  out.emplace_back("ce_sequence", std::to_string(e.sequence));
  if (!e.what.traceparent.empty())
    out.emplace_back("traceparent", e.what.traceparent);
  return out;
}

incoming_event decode(const record_view& r) {
  incoming_event e;
  e.topic = r.topic;
  e.partition = r.partition;
  e.offset = r.offset;
  e.key = r.key;
  e.tombstone = !r.value.has_value();
  e.value = r.value.value_or(std::string_view());
  std::string_view id;
  std::string_view source;
  for (const auto& [name, value] : r.headers) {
    if (name == "ce_id")
      id = value;
    else if (name == "ce_source")
      source = value;
    else if (name == "traceparent" && traceparent_shaped(value))
      e.traceparent = value;
  }
  if (plain(id) && plain(source)) {
    e.id = id;
    e.source = source;
  } else {
    e.id = e.topic + '/' + std::to_string(r.partition) + '/' + std::to_string(r.offset);
    e.source = "kafka";
  }
  return e;
}

} // namespace troupe::kafka
