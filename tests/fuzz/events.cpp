// Records of Kafka: any becomes an event, any event is read or refused, and what a journal row
// holds comes back as it was. The input's lines: topic, key, ce_source, ce_id, traceparent, value.

#include "domain/event_values.hpp"
#include "kafka-bridge/codec.hpp"

#include "check.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>

using namespace troupe;

namespace {

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

bool visible(const std::string& text) {
  return !text.empty() && text.size() <= 255
         && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

void check_value(const event_value& value) {
  FUZZ_CHECK(value.order_id.empty() || valid_id(value.order_id));
  FUZZ_CHECK(value.user_id.empty() || valid_id(value.user_id));
  for (const auto& line : value.lines)
    FUZZ_CHECK(valid_id(line.product_id) && line.quantity >= 1);
  FUZZ_CHECK(value.total >= 0 && value.amount >= 0);
}

void check_journal_row(std::string_view text) {
  std::vector<event> events;
  try {
    events = decode_events(text);
  } catch (const std::invalid_argument&) {
    return;
  }
  FUZZ_CHECK(decode_events(encode_events(events)) == events);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  check_journal_row(text);
  kafka::record_view record;
  record.topic = take_line(text);
  record.partition = 3;
  record.offset = 7;
  record.key = take_line(text);
  constexpr std::array<std::string_view, 3> headers = {"ce_source", "ce_id", "traceparent"};
  for (const auto name : headers)
    if (const auto value = take_line(text); !value.empty())
      record.headers.emplace_back(name, value);
  record.value = text;
  const auto event = kafka::decode(record);
  FUZZ_CHECK(event.topic == record.topic && event.key == record.key && event.value == text);
  FUZZ_CHECK(visible(event.source) && !event.id.empty());
  const auto read = read_event(event);
  if (const auto* value = std::get_if<event_value>(&read))
    check_value(*value);
  else
    FUZZ_CHECK(!std::get<bad_event>(read).why.empty());
  return 0;
}
