#pragma once
// JSON written as text at once, without a tree of values first: for what is asked for most. The
// members stand in the order in which they are written; brackets are the caller's to close.

#include "domain/money.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::http {

class json_text {
public:
  /// `{` or `[`.
  json_text& open(char bracket);
  json_text& close(char bracket);
  /// Of the member whose value comes next. Needs no escaping.
  json_text& name(std::string_view member);
  /// What is not UTF-8 becomes U+FFFD.
  json_text& value(std::string_view text);
  json_text& value(int64_t number);
  /// A number with one or two decimals; not negative.
  json_text& money(cents amount);
  /// Whole JSON.
  json_text& raw(std::string_view json);

  std::string take() { return std::move(out_); }

private:
  /// The comma behind what stands before, if something does.
  std::string& next();

  std::string out_;
};

} // namespace troupe::http
