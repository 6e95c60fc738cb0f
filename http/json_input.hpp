#pragma once
// Reads a request's JSON body within the contract's limits, and collects every complaint about it.
// Pure: no actors, no sockets. One `json_input` a request, used by one thread.
// Source: "Limits" and "Errors" in docs/api.md.

#include "domain/money.hpp"
#include "http/problem.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::http {

/// The deepest nesting of a body; the root is 1.
constexpr int max_json_depth = 16;

class json_input {
public:
  using pointer = nlohmann::json::json_pointer;

  /// Parses `text`, which must be one JSON object: valid UTF-8, at most `max_json_depth` deep, no
  /// duplicate keys, no NUL, no lone surrogates, numbers within the finite doubles. With
  /// `may_be_empty` an empty text counts as `{}`. Look at `complaints` before anything else: after
  /// one of these the root is an empty object.
  explicit json_input(std::string_view text, bool may_be_empty = false);

  const nlohmann::json& root() const { return root_; }
  const std::vector<field_error>& complaints() const { return complaints_; }
  bool good() const { return complaints_.empty(); }

  /// What stands at `at`; null when nothing does, or when it is `null`.
  const nlohmann::json* find(const pointer& at) const;

  /// The readers below give nothing when the place is empty, and complain besides when it holds
  /// the wrong thing. `complain_if_absent` makes a place required.
  void complain_if_absent(const pointer& at);
  void complain(const pointer& at, std::string detail);

  /// A string of at most `longest` bytes.
  std::optional<std::string> text(const pointer& at, size_t longest);
  /// An id as clients may send it (`valid_id`).
  std::optional<std::string> id(const pointer& at);
  /// A whole number between the two; `1.0` counts as 1.
  std::optional<int64_t> integer(const pointer& at, int64_t least, int64_t most);
  /// Money: at most two decimals, not negative, never rounded.
  std::optional<cents> amount(const pointer& at);

private:
  class reader;

  nlohmann::json root_ = nlohmann::json::object();
  std::vector<field_error> complaints_;
  /// Numbers with more than 15 significant digits. Each is as good as its double, but several
  /// such texts share one double: none of them may pass for an exact amount or count.
  std::set<std::string> long_numbers_;
};

/// `at` as a URI fragment: "#/items/0".
std::string fragment_of(const json_input::pointer& at);

} // namespace troupe::http
