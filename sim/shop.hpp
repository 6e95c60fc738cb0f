#pragma once
// The shop as one of its users sees it: a call a method. Each call is measured, and each answer is
// entered in the ledger; what a method returns is only what its caller needs to go on.

#include "sim/scene.hpp"
#include "sim/task.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe::sim {

/// How a command ended for the one who sent it.
enum class told : uint8_t {
  done,
  refused, ///< and it will be again
  unknown  ///< no answer, or one that says to try again
};

class shop {
public:
  using time_point = load_loop::time_point;
  using milliseconds = std::chrono::milliseconds;

  shop(scene& of, std::string user);

  const std::string& user() const { return user_; }

  /// The next call was due then: its latency counts from there.
  void due(time_point when) { due_ = when; }
  /// A pause; the call after it is due at its end.
  task<> rest(milliseconds pause);

  task<> list_products();
  task<> look_at_product(const std::string& id);

  struct placed {
    told how = told::unknown;
    std::string order; ///< done
  };
  struct order_wish {
    std::string reference;
    std::vector<sighted_line> lines;
    bool keyed = true;
  };
  task<placed> place(order_wish what, milliseconds limit);

  struct payment {
    std::string order, card;
    bool chargeable = true; ///< the card may be
    std::string key;        ///< empty: none
  };
  struct paid {
    told how = told::unknown;
    bool success = false; ///< done: it was charged
  };
  task<paid> pay(payment what, milliseconds limit);

  task<told> cancel(const std::string& order, std::string key, milliseconds limit);

  /// What the client knows of an order that it follows.
  struct followed {
    std::string id;
    int version = 0;
    order_status status = order_status::created;
    payment_status payment = payment_status::pending;
    bool ended() const; ///< no version follows
  };
  /// A poll, with If-None-Match once a version is known; `wait` above 0: a long-poll.
  /// False: nobody has answered it.
  task<bool> look(followed& order, std::chrono::seconds wait);
  /// Its stream, opened, or refused, or not answered in time.
  task<web_stream> follow(const followed& order);
  /// An event of such a stream.
  void take(followed& order, const stream_event& event, int known);

  task<> list_notifications(int limit);
  task<web_stream> follow_notifications(std::optional<int64_t> after);
  /// An event of such a stream, after the one at `before` (0: none); its place.
  int64_t take_notification(const stream_event& event, int64_t before);

  // Of operators: everybody's orders.
  task<std::vector<order_sight>> list_orders(order_status status, int limit);
  task<told> dispatch(const std::string& order);
  task<told> deliver(const std::string& order);

  /// Any call: measured as `what`, entered nowhere.
  task<web_answer> ask(call what, web_request request);

private:
  web_request request(std::string method, std::string target) const;
  task<web_stream> open(call what, web_request r);
  task<told> command(call what, web_request r, const std::string& order);
  std::optional<order_sight> read(const web_answer& answer, const std::string& order,
                                  const char* where);
  void saw(const order_sight& s, int known, const std::string& etag, const char* where);
  void note_move(const std::string& order, std::optional<order_status> before);
  std::optional<order_status> status_of(const std::string& order) const;

  scene& scene_;
  std::string user_;
  web_session session_;
  std::optional<time_point> due_;
};

} // namespace troupe::sim
