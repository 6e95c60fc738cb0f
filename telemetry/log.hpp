#pragma once
// Structured logs: one line an event. Text on a terminal, JSON elsewhere, both from the same call:
//   log::info("order.confirmed", {{"order", id}, {"trace", trace}, {"version", 3}});
// Event names are dotted and stable; fields carry what varies. Never pass a secret, a card number
// or a whole request body. Callable from any thread.

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace troupe::log {

enum class level { debug, info, warn, error };

/// One name and value of a line. Numbers and booleans stay bare in JSON.
struct field {
  field(std::string_view k, std::string_view v) : key(k), value(v) {}
  field(std::string_view k, const char* v) : key(k), value(v) {}
  field(std::string_view k, const std::string& v) : key(k), value(v) {}
  field(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), bare(true) {}
  template <class T>
    requires std::integral<T> || std::floating_point<T>
  field(std::string_view k, T v) : key(k), value(std::to_string(v)), bare(true) {}

  std::string_view key;
  std::string value;
  bool bare = false; ///< written without quotes
};

/// How lines are written. `automatic` is text when stdout is a terminal.
enum class format { automatic, text, json };

/// Sets the format and the lowest level that is written. Call once, before other threads log.
void start(format how, level lowest);

void write(level at, std::string_view event, std::initializer_list<field> fields);

inline void debug(std::string_view event, std::initializer_list<field> fields = {}) {
  write(level::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<field> fields = {}) {
  write(level::info, event, fields);
}
inline void warn(std::string_view event, std::initializer_list<field> fields = {}) {
  write(level::warn, event, fields);
}
inline void error(std::string_view event, std::initializer_list<field> fields = {}) {
  write(level::error, event, fields);
}

} // namespace troupe::log
