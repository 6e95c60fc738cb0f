#pragma once
// Those who order, pay, cancel and look, and the admin who dispatches. They keep every answer: what
// they were told must still be true at the end.

#include "tests/dst/world.hpp"

#include <map>
#include <string>
#include <vector>

namespace troupe::dst {

/// A broken promise.
struct violation {
  std::string promise;
  std::string order; ///< empty: none in particular
  std::string detail;
};

/// How an order stood when somebody was told so.
struct told {
  int32_t version = 0;
  order_standing standing;
};

struct customer {
  std::string name; ///< also the stem of its order ids
  order draft;
  std::string order_id; ///< once it was acknowledged
  std::optional<order> seen;
  std::vector<told> answers;
  int32_t known = 0; ///< the highest version that it was told
  int creations = 0; ///< tries, each with an id of its own and the same key
  int tries = 0;     ///< failed requests in a row
  int payments = 0;
  int steps = 0;
  bool done = false;
};

class customers {
public:
  /// `count` of them arrive within `span`.
  customers(world& in, int count, std::chrono::milliseconds span);

  bool all_done() const;
  const std::vector<customer>& all() const { return all_; }
  /// Requests that nobody has answered.
  int unanswered() const { return open_; }
  /// What they saw that must never be seen.
  const std::vector<violation>& complaints() const { return complaints_; }

private:
  void add(int number, std::chrono::milliseconds span);
  void come_back(size_t who, std::chrono::milliseconds delay);
  void come_back_soon(size_t who) {
    come_back(who, std::chrono::milliseconds(in_.dice.between(20, 2500)));
  }
  void act(size_t who);
  void act_on_order(size_t who);
  void create(size_t who);
  void created(size_t who, const create_answer& answer);
  void look(size_t who);
  void command(size_t who, order_verb verb, const std::string& card = {});
  void send(size_t who, const order_request& request, bool listens);
  void answered(size_t who, order now);
  void refused(size_t who, std::string_view what, const caf::error& why);
  void remember(customer& c, const order& now, int32_t at_least);
  void complain(const customer& c, const std::string& promise, const std::string& detail);

  world& in_;
  std::vector<customer> all_;
  std::vector<violation> complaints_;
  int open_ = 0;
};

} // namespace troupe::dst
