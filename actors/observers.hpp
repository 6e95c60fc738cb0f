#pragma once
// Whoever is told of what was committed as it happens, beside the events: the clients that wait,
// and through `change_exchange` those of other nodes. Called on the thread of the actor that
// committed, or that heard of it from another node; must not block. Thread-safe.

#include "domain/order.hpp"
#include "persistence/emailing_store.hpp"

#include <string>
#include <vector>

namespace troupe {

class order_observer {
public:
  order_observer() = default;
  order_observer(const order_observer&) = delete;
  order_observer& operator=(const order_observer&) = delete;
  virtual ~order_observer() = default;

  /// The order as it is after a commit.
  virtual void changed(const order& now) = 0;
  /// It may have changed, and nobody here can say how: only a view can.
  virtual void doubtful(const std::string& order_id) = 0;
  /// Likewise every order: what another node had to tell may have been lost.
  virtual void doubtful_all() = 0;
};

class notification_observer {
public:
  notification_observer() = default;
  notification_observer(const notification_observer&) = delete;
  notification_observer& operator=(const notification_observer&) = delete;
  virtual ~notification_observer() = default;

  /// These were committed.
  virtual void added(const std::vector<notification>& fresh) = 0;
  /// Another node has committed some for these users.
  virtual void added_elsewhere(const std::vector<std::string>& users) = 0;
  /// Any user may have new ones: what another node had to tell may have been lost.
  virtual void doubtful_all() = 0;
};

} // namespace troupe
