#include "tests/dst/mishaps.hpp"

namespace troupe::dst {

namespace {

/// A kind, and its share of the occasions in a bad run: commits, calls, records, or half seconds.
struct kind {
  std::string_view name;
  int worst_per_mille;
};

constexpr std::array<kind, mishap_count> kinds = {{
    {"orders_conflict", 60},
    {"orders_wait", 80},
    {"orders_lost_before", 60},
    {"orders_lost_after", 60},
    {"orders_slow", 30},
    {"orders_down", 40},
    {"stock_wait", 80},
    {"stock_lost_before", 80},
    {"stock_lost_after", 80},
    {"stock_slow", 30},
    {"payments_wait", 80},
    {"payments_lost_before", 60},
    {"payments_lost_after", 60},
    {"payments_slow", 30},
    {"emailing_wait", 80},
    {"emailing_lost_before", 80},
    {"emailing_lost_after", 80},
    {"emailing_slow", 30},
    {"inbox_down", 40},
    {"charge_lost", 150},
    {"charge_unanswered", 150},
    {"charge_late", 150},
    {"charge_slow", 150},
    {"void_unanswered", 200},
    {"refund_unanswered", 200},
    {"bus_full", 100},
    {"bus_twice", 200},
    {"bus_late", 150},
    {"bus_buried", 20},
    {"bus_down", 30},
    {"rebalance", 60},
    {"order_throws", 8},
    {"worker_throws_before", 10},
    {"worker_throws_after", 10},
    {"reader_throws", 30},
    {"mail_fails", 60},
    {"busy", 0},
    {"killed", 25},
    {"fenced", 25},
    {"ended", 15},
}};

} // namespace

std::string_view to_string(mishap m) {
  return kinds[static_cast<size_t>(m)].name;
}

std::string_view to_string(sabotage s) {
  constexpr std::array<std::string_view, sabotage_count> names
      = {"none",    "answer_before_commit", "unknown_is_failed",
         "no_void", "answers_once",         "offset_first"};
  return names.at(static_cast<size_t>(s));
}

mishaps::mishaps(chance& dice) : dice_(dice) {
  for (size_t i = 0; i < kinds.size(); ++i)
    if (const auto worst = kinds[i].worst_per_mille; worst > 0 && dice.percent(40))
      per_mille_[i] = dice.between(1, worst);
}

bool mishaps::strikes(mishap m) {
  const auto often = per_mille_[static_cast<size_t>(m)];
  if (healed_ || often == 0 || !dice_.per_mille(often))
    return false;
  happened(m);
  return true;
}

} // namespace troupe::dst
