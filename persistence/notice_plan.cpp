#include "persistence/notice_plan.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace troupe {

namespace {

class notice_planner {
public:
  notice_planner(notice_view view, notice_decoder decode, const id_source& ids)
      : view_(std::move(view)), decode_(decode), ids_(ids) {}

  void handle(const notice& in, size_t index) {
    const auto& order_id = in.what.order_id;
    if (order_id.empty() && (in.tells_user || in.what.user_id.empty())) {
      plan_.rejected.push_back({index, "neither a user nor an order"});
      return;
    }
    if (in.tells_user && in.what.user_id.empty()) {
      plan_.rejected.push_back({index, "no user"});
      return;
    }
    if (in.tells_user && view_.users.emplace(order_id, in.what.user_id).second)
      plan_.new_users.emplace(order_id, in.what.user_id);
    const auto known = view_.users.find(order_id);
    if (!in.what.user_id.empty())
      add(in, in.what.user_id);
    else if (known != view_.users.end())
      add(in, known->second);
    else
      park(in);
    if (in.tells_user)
      drain(order_id);
  }

  notice_plan finish() {
    for (auto& [order_id, events] : view_.waiting)
      for (auto& waiting : events)
        if (waiting.id == 0)
          plan_.park.push_back(std::move(waiting));
    return std::move(plan_);
  }

private:
  void add(const notice& in, const std::string& user_id) {
    auto what = in.what;
    what.id = ids_();
    what.user_id = user_id;
    what.is_read = false;
    plan_.entries.push_back({std::move(what), in.origin.source, in.origin.id});
  }

  void park(const notice& in) {
    view_.waiting[in.what.order_id].push_back({0, in.what.order_id, in.origin});
  }

  /// What waited for the order's user. An event that cannot be decoded stays for the sweep.
  void drain(const std::string& order_id) {
    auto& waiting = view_.waiting[order_id];
    std::erase_if(waiting, [&](const parked_event& e) {
      const auto decoded = decode_(e.what);
      if (!decoded)
        return false;
      add(*decoded, view_.users.at(order_id));
      if (e.id != 0)
        plan_.unpark.push_back(e.id);
      return true;
    });
  }

  notice_view view_;
  notice_decoder decode_;
  const id_source& ids_;
  notice_plan plan_;
};

} // namespace

std::vector<std::string> orders_asked(std::span<const notice> notices) {
  std::set<std::string> orders;
  for (const auto& n : notices)
    if (n.tells_user || n.what.user_id.empty())
      orders.insert(n.what.order_id);
  return {orders.begin(), orders.end()};
}

notice_plan plan_notices(notice_view view, std::span<const notice> notices, notice_decoder decode,
                         const id_source& ids) {
  notice_planner plan(std::move(view), decode, ids);
  for (size_t i = 0; i < notices.size(); ++i)
    plan.handle(notices[i], i);
  return plan.finish();
}

} // namespace troupe
