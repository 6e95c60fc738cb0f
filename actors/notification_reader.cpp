#include "actors/notification_reader.hpp"

namespace troupe {

namespace {

caf::error unavailable(const store_error& e) {
  log::warn("notifications.store_failed", {{"error", e.what()}});
  return make_fault(fault::unavailable);
}

} // namespace

notification_actor::behavior_type
notification_reader_behavior(notification_actor::stateful_pointer<notification_reader_state> self,
                             const std::shared_ptr<std::unique_ptr<emailing_store>>& store) {
  self->state.store = std::move(*store);
  auto& s = *self->state.store;
  return {
      [&s](list_atom, const notification_filter& by) -> caf::result<std::vector<notification>> {
        try {
          return s.list(by.user_id, by.only_unread, by.limit, by.before);
        } catch (const store_error& e) {
          return unavailable(e);
        }
      },
      [&s](list_atom, const std::vector<notification_cursor>& cursors,
           int limit) -> caf::result<notification_feed> {
        try {
          return s.list_after(cursors, limit);
        } catch (const store_error& e) {
          return unavailable(e);
        }
      },
      [&s](read_atom, const std::string& user, const std::string& id) -> caf::result<notification> {
        try {
          if (auto found = s.mark_read(user, id))
            return std::move(*found);
          return make_fault(fault::not_found);
        } catch (const store_error& e) {
          return unavailable(e);
        }
      },
      [&s](ping_atom) {
        try {
          s.ping();
          return true;
        } catch (const store_error&) {
          return false;
        }
      },
  };
}

notification_router::behavior_type
notification_router_behavior(notification_router::stateful_pointer<notification_router_state> self,
                             crew<notification_actor, notification_router>::maker make) {
  self->state.readers.start(self, "notification_reader", 1, std::move(make));
  self->set_down_handler([self](caf::down_msg& m) { self->state.readers.down(m); });
  self->set_exit_handler([self](caf::exit_msg& m) {
    self->state.readers.stop();
    self->quit(m.reason);
  });
  auto reader = [self]() -> const notification_actor& { return self->state.readers.all().front(); };
  return {
      [self, reader](list_atom, notification_filter& by) -> caf::result<std::vector<notification>> {
        if (!reader())
          return make_fault(fault::unavailable);
        return self->delegate(reader(), list_atom::value, std::move(by));
      },
      [self, reader](list_atom, std::vector<notification_cursor>& cursors,
                     int limit) -> caf::result<notification_feed> {
        if (!reader())
          return make_fault(fault::unavailable);
        return self->delegate(reader(), list_atom::value, std::move(cursors), limit);
      },
      [self, reader](read_atom, std::string& user, std::string& id) -> caf::result<notification> {
        if (!reader())
          return make_fault(fault::unavailable);
        return self->delegate(reader(), read_atom::value, std::move(user), std::move(id));
      },
      [self, reader](ping_atom) -> caf::result<bool> {
        if (!reader())
          return false;
        return self->delegate(reader(), ping_atom::value);
      },
      [self](tick_atom) { self->state.readers.mend(); },
  };
}

} // namespace troupe
