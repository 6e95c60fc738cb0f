#include "domain/event.hpp"

#include "domain/json.hpp"

#include <stdexcept>

namespace troupe {

namespace {

using nlohmann::json;

/// Writes `value` in decimal, with leading zeros, into the `width` characters that end at `end`.
void put_digits(char* end, unsigned value, int width) {
  for (int i = 0; i < width; ++i) {
    *--end = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

[[noreturn]] void refuse(const std::string& why) {
  throw std::invalid_argument("events: " + why);
}

json parse(std::string_view text) {
  auto value = json::parse(text, nullptr, false);
  if (value.is_discarded())
    refuse("not JSON");
  return value;
}

std::string string_member(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string())
    refuse(std::string(name) + " is not a string");
  return found->get<std::string>();
}

event decode_event(const json& item) {
  if (!item.is_object())
    refuse("an item is not an object");
  event e;
  e.topic = string_member(item, "topic");
  e.key = string_member(item, "key");
  if (item.contains("traceparent"))
    e.traceparent = string_member(item, "traceparent");
  const auto value = item.find("value");
  if (value == item.end() || !value->is_object())
    refuse("value is not an object");
  e.value = canonical(*value);
  return e;
}

} // namespace

std::string to_iso8601(timestamp at) {
  using namespace std::chrono;
  const auto ms = floor<milliseconds>(at);
  const auto day = floor<days>(ms);
  const year_month_day date{day};
  const hh_mm_ss time{ms - day};
  std::string out = "0000-00-00T00:00:00.000Z";
  char* const s = out.data();
  put_digits(s + 4, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put_digits(s + 7, static_cast<unsigned>(date.month()), 2);
  put_digits(s + 10, static_cast<unsigned>(date.day()), 2);
  put_digits(s + 13, static_cast<unsigned>(time.hours().count()), 2);
  put_digits(s + 16, static_cast<unsigned>(time.minutes().count()), 2);
  put_digits(s + 19, static_cast<unsigned>(time.seconds().count()), 2);
  put_digits(s + 23, static_cast<unsigned>(time.subseconds().count()), 3);
  return out;
}

std::string_view to_string(service s) {
  switch (s) {
    case service::order:
      return "order";
    case service::payment:
      return "payment";
    case service::inventory:
      return "inventory";
    case service::emailing:
      return "emailing";
  }
  return "";
}

std::string encode_events(const std::vector<event>& events) {
  json list = json::array();
  for (const auto& e : events) {
    auto value = parse(e.value);
    // What is read back is published again: it must be the very bytes of the first time.
    if (!value.is_object() || canonical(value) != e.value)
      refuse("a value of " + e.topic + " is not a canonical object");
    json item{{"topic", e.topic}, {"key", e.key}, {"value", std::move(value)}};
    if (!e.traceparent.empty())
      item["traceparent"] = e.traceparent;
    list.push_back(std::move(item));
  }
  return canonical(list);
}

std::vector<event> decode_events(std::string_view json) {
  const auto list = parse(json);
  if (!list.is_array())
    refuse("not an array");
  std::vector<event> events;
  events.reserve(list.size());
  for (const auto& item : list)
    events.push_back(decode_event(item));
  return events;
}

std::string event_id(const outgoing_event& e) {
  return std::string(to_string(e.from)) + '-' + std::to_string(e.at) + '.'
         + std::to_string(e.index);
}

std::string event_source(service s) {
  return "/troupe/" + std::string(to_string(s));
}

} // namespace troupe
