#pragma once
// Money is whole cents inside and a JSON number with at most two decimals outside.

#include <cstdint>
#include <optional>

namespace troupe {

using cents = int64_t;

/// The largest amount that any price, line or total may have. Below it every cent has its own
/// double, so that JSON numbers stay exact.
constexpr cents max_amount = 1'000'000'000'000'000;

/// `number` in cents; nothing when it has more than two decimals, is negative, not finite or
/// above `max_amount`. Never rounds.
std::optional<cents> cents_from_number(double number);

/// The JSON number of `amount`.
double number_from_cents(cents amount);

/// `price * quantity`, nothing past `max_amount`. Neither may be negative.
std::optional<cents> line_total(cents price, int64_t quantity);

/// `a + b`, nothing past `max_amount`. Neither may be negative.
std::optional<cents> add_amounts(cents a, cents b);

} // namespace troupe
