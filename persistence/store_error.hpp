#pragma once
// How a store fails. Callers need to know only what to do next, never an SQLSTATE.

#include <stdexcept>
#include <string>

namespace troupe {

enum class store_failure {
  lost,   ///< the connection broke: what was being committed may or may not have been; reconnect
  wait,   ///< the server cannot serve right now (53xxx, 57xxx, 58xxx, refused): try again later
  fenced, ///< this incarnation was fenced: it must write no more and step down
  failed  ///< this very input cannot be written (22xxx, 23xxx, anything unforeseen): do not retry
};

/// `what()` is for the log; it holds no parameter values and never reaches a client.
struct store_error : std::runtime_error {
  store_error(store_failure k, const std::string& text) : std::runtime_error(text), kind(k) {}
  store_failure kind;
};

} // namespace troupe
