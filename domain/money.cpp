#include "domain/money.hpp"

#include <cmath>

namespace troupe {

std::optional<cents> cents_from_number(double number) {
  constexpr double largest = static_cast<double>(max_amount) / 100.0;
  // Written so that NaN fails it too.
  if (!(number >= 0.0 && number <= largest))
    return std::nullopt;
  // A number with at most two decimals is the double nearest to k/100 for one whole k.
  const double k = std::round(number * 100.0);
  if (k / 100.0 != number)
    return std::nullopt;
  return static_cast<cents>(k);
}

double number_from_cents(cents amount) {
  return static_cast<double>(amount) / 100.0;
}

std::optional<cents> line_total(cents price, int64_t quantity) {
  if (price < 0 || quantity < 0)
    return std::nullopt;
  if (quantity != 0 && price > max_amount / quantity)
    return std::nullopt;
  return price * quantity;
}

std::optional<cents> add_amounts(cents a, cents b) {
  if (a < 0 || b < 0 || a > max_amount || b > max_amount - a)
    return std::nullopt;
  return a + b;
}

} // namespace troupe
