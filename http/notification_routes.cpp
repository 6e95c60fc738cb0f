#include "http/notification_routes.hpp"

#include "http/event_stream.hpp"
#include "http/paging.hpp"
#include "http/serve.hpp"

#include <string>
#include <utility>
#include <vector>

namespace troupe::http {

namespace {

response page_answer(const request& q, std::vector<notification> page, int limit,
                     std::string_view list) {
  const bool more = cut_to_page(page, limit);
  auto answer = json_answer(200, array_view(page, notification_view));
  if (more)
    link_next(answer, q, list, {std::to_string(page.back().seq)});
  return answer;
}

void list_notifications(const backend& b, const doors& to, const call_ptr& c) {
  complaints bad;
  const int limit = read_limit(c->asked, default_limit, bad);
  notification_filter by{user_of(b, *c), read_switch(c->asked, "unread", bad), limit + 1};
  const auto* list = by.only_unread ? "unread" : "notifications";
  const auto keys = read_cursor(c->asked, list, 1, bad);
  if (!keys.empty())
    by.before = key_number(keys[0], bad);
  refuse_if_bad(bad);
  b.calls.ask<std::vector<notification>>(
      line::notifications, to.notifications, c,
      [c, limit, list](std::vector<notification>& page) {
        c->answer(page_answer(c->asked, std::move(page), limit, list));
      },
      list_atom::value, std::move(by));
}

void stream_notifications(const backend& b, const doors& /*to*/, const call_ptr& c) {
  b.waiting.notifications.follow(c, user_of(b, *c), last_event_id(c->asked));
}

void mark_read(const backend& b, const doors& to, const call_ptr& c) {
  const auto in = body_of(*c, body_is::optional);
  b.calls.ask<notification>(
      line::notifications, to.notifications, c,
      [c](const notification& n) { c->answer(json_answer(200, notification_view(n))); },
      read_atom::value, user_of(b, *c, &in), id_of(*c));
}

} // namespace

void add_notification_routes(front& f, const backend& b) {
  f.get("/notifications", serve(b, list_notifications));
  f.get("/notifications/stream", serve(b, stream_notifications));
  f.put("/notifications/:id/read", serve(b, mark_read));
}

} // namespace troupe::http
