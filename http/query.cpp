#include "http/query.hpp"

#include "domain/money.hpp"
#include "domain/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace troupe::http {

namespace {

constexpr int max_limit = 1000;

/// A query is no JSON document: its places are named "?minPrice".
void complain(complaints& bad, std::string_view name, std::string detail) {
  bad.push_back({"?" + std::string(name), std::move(detail)});
}

template <class T>
std::optional<T> whole_number(std::string_view text) {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

/// "12", "12.5", "12.50": exact, where a double might round.
std::optional<cents> amount_from(std::string_view text) {
  auto point = text.find('.');
  const auto whole = text.substr(0, point);
  auto fraction = point == std::string_view::npos ? "0" : text.substr(point + 1);
  if (whole.starts_with('-') || fraction.empty())
    return std::nullopt;
  while (fraction.size() > 2 && fraction.ends_with('0'))
    fraction.remove_suffix(1);
  if (fraction.size() > 2 || fraction.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  const auto units = whole_number<int64_t>(whole);
  auto hundredths = whole_number<int64_t>(fraction);
  if (!units || !hundredths || *units > max_amount / 100)
    return std::nullopt;
  return add_amounts(*units * 100, fraction.size() == 1 ? *hundredths * 10 : *hundredths);
}

std::string read_text(const request& q, std::string_view name, complaints& bad) {
  auto value = q.query_param(name).value_or("");
  if (!is_utf8(value))
    complain(bad, name, "must be UTF-8");
  return std::string(value);
}

std::optional<cents> read_amount(const request& q, std::string_view name, complaints& bad) {
  const auto value = q.query_param(name);
  if (!value)
    return std::nullopt;
  auto result = amount_from(*value);
  if (!result)
    complain(bad, name, "must be an amount of at most two decimals, not negative");
  return result;
}

void read_sort(const request& q, product_filter& to, complaints& bad) {
  auto name = q.query_param("sort").value_or("name");
  to.descending = name.starts_with('-');
  if (to.descending)
    name.remove_prefix(1);
  if (name == "name")
    to.order = product_order::name;
  else if (name == "price")
    to.order = product_order::price;
  else if (name == "createdAt")
    to.order = product_order::created;
  else
    complain(bad, "sort", "must be name, price or createdAt, with - before for descending");
}

} // namespace

int read_limit(const request& q, int fallback, complaints& bad) {
  const auto value = q.query_param("limit");
  if (!value)
    return fallback;
  const auto limit = whole_number<int>(*value);
  if (limit && *limit >= 1 && *limit <= max_limit)
    return *limit;
  complain(bad, "limit", "must be a whole number from 1 to " + std::to_string(max_limit));
  return fallback;
}

bool read_switch(const request& q, std::string_view name, complaints& bad) {
  const auto value = q.query_param(name);
  if (!value || *value == "false" || *value == "0")
    return false;
  if (value->empty() || *value == "true" || *value == "1")
    return true;
  complain(bad, name, "must be true or false");
  return false;
}

std::optional<order_status> read_status(const request& q, complaints& bad) {
  const auto name = q.query_param("status");
  if (!name)
    return std::nullopt;
  auto status = order_status_from(*name);
  if (!status)
    complain(bad, "status", "must be the status of an order, such as CREATED");
  return status;
}

product_filter read_product_filter(const request& q, complaints& bad) {
  product_filter result;
  result.category = read_text(q, "category", bad);
  result.search = read_text(q, "search", bad);
  result.min_price = read_amount(q, "minPrice", bad);
  result.max_price = read_amount(q, "maxPrice", bad);
  read_sort(q, result, bad);
  result.limit = read_limit(q, max_limit, bad);
  return result;
}

} // namespace troupe::http
