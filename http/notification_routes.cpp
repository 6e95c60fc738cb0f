#include "http/notification_routes.hpp"

#include "http/serve.hpp"

#include <utility>

namespace troupe::http {

namespace {

constexpr int default_limit = 50;

void list_notifications(const backend& b, const doors& to, const call_ptr& c) {
  complaints bad;
  notification_filter filter{user_of(b, *c), read_switch(c->asked, "unread", bad),
                             read_limit(c->asked, default_limit, bad)};
  refuse_if_bad(bad);
  b.calls.ask<std::vector<notification>>(
      line::notifications, to.notifications, c,
      [c](const std::vector<notification>& all) {
        c->answer(json_answer(200, array_view(all, notification_view)));
      },
      list_atom::value, std::move(filter));
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
  f.put("/notifications/:id/read", serve(b, mark_read));
}

} // namespace troupe::http
