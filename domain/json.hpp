#pragma once
// How the domain writes JSON: one canonical form, so that the same event is always the same bytes.
// Used by the event builders; anybody may use it for JSON that is stored or published.

#include "domain/event.hpp"
#include "domain/money.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe {

/// The canonical text: keys sorted, no whitespace, UTF-8 not escaped. Never throws for bad UTF-8:
/// broken bytes become U+FFFD.
std::string canonical(const nlohmann::json& value);

/// `amount` as a JSON number.
nlohmann::json json_money(cents amount);

/// An event whose value is the canonical text of `value`.
event make_event(std::string_view topic, std::string key, const nlohmann::json& value,
                 const std::string& traceparent);

/// `text` from outside made fit for a database column, a JSON string and a customer's eyes: valid
/// UTF-8, no control characters, at most `longest` bytes (never cutting a character).
std::string plain_text(std::string_view text, size_t longest = 500);

} // namespace troupe
