#include "http/order_list_routes.hpp"

#include "http/paging.hpp"
#include "http/serve.hpp"
#include "http/who.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace troupe::http {

namespace {

constexpr std::string_view list_name = "orders";

/// Whose orders: the asker's; with `scope=all` everybody's, or those of the `userId` that is given.
std::string users_wanted(const backend& b, const call& c) {
  const bool all = asks_for_all(b, c);
  const auto user = c.asked.query_param("userId").value_or("");
  if (all && !user.empty() && !valid_id(user))
    refuse_if_bad({{"?userId", "must be 1 to 64 of A-Z, a-z, 0-9, _ and -"}});
  auto owner = owner_of(b, c);
  return all ? std::string(user) : owner;
}

response page_answer(const request& q, std::vector<order> page, int limit) {
  const bool more = cut_to_page(page, limit);
  auto answer = text_answer(200, orders_text(page));
  if (more) {
    const auto& last = page.back();
    link_next(answer, q, list_name,
              {std::to_string(last.created_at.time_since_epoch().count()), last.id});
  }
  return answer;
}

void list_orders(const backend& b, const doors& to, const call_ptr& c) {
  complaints bad;
  const int limit = read_limit(c->asked, default_limit, bad);
  order_filter by;
  by.user_id = users_wanted(b, *c);
  by.status = read_status(c->asked, bad);
  by.limit = limit + 1;
  const auto keys = read_cursor(c->asked, list_name, 2, bad);
  if (!keys.empty())
    by.after = {timestamp(std::chrono::microseconds(key_number(keys[0], bad))), keys[1]};
  refuse_if_bad(bad);
  b.calls.ask<order_list>(
      line::orders, to.reader, c,
      [c, limit](const order_list& page) { c->answer(page_answer(c->asked, *page, limit)); },
      list_atom::value, std::move(by));
}

} // namespace

void add_order_list_routes(front& f, const backend& b) {
  f.get("/orders", serve(b, list_orders));
}

} // namespace troupe::http
