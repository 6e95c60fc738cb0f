#include "sim/final_check.hpp"

#include "sim/beside.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace troupe::sim {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using clock = load_loop::clock;

constexpr int workers = 16;
constexpr auto pause = 300ms;

/// The target of `Link: <…>; rel="next"`; empty: this page is the last.
std::string next_page(const std::string& link) {
  const auto end = link.find(">; rel=\"next\"");
  return link.starts_with('<') && end != std::string::npos ? link.substr(1, end - 1) : "";
}

class user_check {
public:
  using time_point = load_loop::time_point;

  user_check(scene& of, std::string user, time_point deadline)
      : scene_(of), user_(std::move(user)), deadline_(deadline), session_(of.client) {}

  task<> run() {
    while (true) {
      final_answers now;
      const bool whole = co_await fetch(now);
      std::vector<violation> found;
      if (whole)
        found = judge_user(scene_.book, user_, now);
      const bool may_heal = !whole || std::any_of(found.begin(), found.end(), [](const auto& v) {
        return v.may_heal;
      });
      if (!may_heal || clock::now() >= deadline_ || scene_.loop.awake()) {
        if (!whole)
          scene_.book.add({"no answer", user_, "", "the server does not answer at the end"});
        for (auto& v : found)
          scene_.book.add(std::move(v));
        co_return;
      }
      co_await scene_.loop.sleep_until(clock::now() + pause);
    }
  }

private:
  task<bool> fetch(final_answers& into) {
    std::vector<json> orders, notifications;
    const bool listed = co_await fetch_list("/orders?limit=500", orders);
    const bool told = co_await fetch_list("/notifications?limit=1000", notifications);
    if (!listed || !told)
      co_return false;
    for (const auto& item : orders)
      if (auto s = read_sight(item)) {
        scene_.book.saw(*s, 0, "", "GET /orders at the end");
        into.listed.push_back(std::move(*s));
      } else {
        scene_.book.unreadable(user_, "", "GET /orders at the end");
      }
    for (const auto& item : notifications)
      if (auto n = read_notification(item))
        into.notifications.push_back(std::move(*n));
    auto ids = scene_.book.users().at(user_).orders;
    for (const auto& s : into.listed)
      ids.insert(s.id);
    for (const auto& id : ids) {
      const bool answered = co_await fetch_order(id, into);
      if (!answered)
        co_return false;
    }
    co_return true;
  }

  task<web_answer> get(std::string target) {
    web_request r;
    r.target = std::move(target);
    r.headers = {"X-User-Id: " + user_};
    auto exchange = session_.send(std::move(r));
    co_return co_await exchange;
  }

  task<bool> fetch_list(std::string target, std::vector<json>& into) {
    while (!target.empty()) {
      const auto answer = co_await get(target);
      auto page = json::parse(answer.body, nullptr, false);
      if (answer.status != 200 || !page.is_array())
        co_return false;
      std::move(page.begin(), page.end(), std::back_inserter(into));
      target = next_page(answer.link);
    }
    co_return true;
  }

  task<bool> fetch_order(const std::string& id, final_answers& into) {
    const auto known = scene_.book.version_of(id);
    const auto answer = co_await get("/orders/" + id);
    if (answer.status == 404) {
      into.asked[id] = std::nullopt;
      co_return true;
    }
    if (answer.status != 200)
      co_return false;
    auto s = read_sight(json::parse(answer.body, nullptr, false));
    if (!s) {
      scene_.book.unreadable(user_, id, "GET /orders/:id at the end");
      co_return true;
    }
    scene_.book.saw(*s, known, answer.etag, "GET /orders/:id at the end");
    into.asked[id] = std::move(s);
    co_return true;
  }

  scene& scene_;
  const std::string user_;
  const time_point deadline_;
  web_session session_;
};

/// Takes users from the list until it is empty; how many it took.
task<int> check_users(scene& of, std::vector<std::string>& users, load_loop::time_point deadline) {
  int taken = 0;
  for (; !users.empty(); ++taken) {
    auto next = std::move(users.back());
    users.pop_back();
    user_check one(of, std::move(next), deadline);
    co_await one.run();
  }
  co_return taken;
}

task<> check_stock(scene& of, const std::map<std::string, product_count>& before,
                   load_loop::time_point deadline) {
  while (true) {
    const auto after = co_await count_stock(of);
    std::vector<violation> found;
    if (after)
      found = judge_stock(before, *after, of.book);
    else
      found.push_back({"no answer", "", "", "GET /inventory is not answered at the end"});
    if (found.empty() || clock::now() >= deadline || of.loop.awake()) {
      for (auto& v : found)
        of.book.add(std::move(v));
      co_return;
    }
    co_await of.loop.sleep_until(clock::now() + pause);
  }
}

} // namespace

task<> check_everything(scene& of, const std::map<std::string, product_count>& before,
                        load_loop::time_point deadline) {
  std::vector<std::string> users;
  users.reserve(of.book.users().size());
  for (const auto& [name, facts] : of.book.users())
    users.push_back(name);
  std::vector<beside<int>> working;
  working.reserve(workers);
  for (int i = 0; i < workers; ++i)
    working.emplace_back(of.loop, check_users(of, users, deadline));
  for (auto& worker : working)
    co_await worker;
  co_await check_stock(of, before, deadline);
}

task<std::optional<std::map<std::string, product_count>>> count_stock(scene& of) {
  std::map<std::string, product_count> counts;
  web_session session(of.client);
  std::string target = "/inventory?limit=1000";
  while (!target.empty()) {
    web_request r;
    r.target = target;
    r.headers = {"Authorization: Bearer " + of.admin_token};
    auto exchange = session.send(std::move(r));
    const auto answer = co_await exchange;
    const auto page = json::parse(answer.body, nullptr, false);
    if (answer.status != 200 || !page.is_array())
      co_return std::nullopt;
    for (const auto& row : page)
      if (row.value("id", "").starts_with("sim-" + of.run + "-"))
        counts[row.value("id", "")]
            = {row.value("stock", int64_t{-1}), row.value("reserved", int64_t{-1}),
               row.value("sold", int64_t{-1})};
    target = next_page(answer.link);
  }
  co_return counts;
}

task<std::string> tell_history(scene& of, const std::string& order) {
  const auto* facts = of.book.find(order);
  std::string text = fmt::format("  order {}", order);
  if (facts != nullptr)
    text += fmt::format(" of {}\n    we have seen: {} ({}), version {}", facts->essence.user,
                        statuses_of(facts->history), to_string(facts->payment), facts->version());
  web_session session(of.client);
  web_request r;
  r.target = "/orders/" + order + "?scope=all";
  r.headers = {"Authorization: Bearer " + of.admin_token};
  auto exchange = session.send(std::move(r));
  const auto answer = co_await exchange;
  const auto body = json::parse(answer.body, nullptr, false);
  if (answer.status != 200 || !read_sight(body)) {
    text += fmt::format("\n    the server: {} {}", answer.status, answer.error);
    co_return text;
  }
  text += fmt::format("\n    the server: version {}, {}, total {}", body["version"].dump(),
                      body["paymentStatus"].dump(), body["totalAmount"].dump());
  for (const auto& row : body["statusHistory"])
    text += fmt::format("\n      {} {} {}", row["timestamp"].get<std::string>(),
                        row["status"].get<std::string>(), row["message"].get<std::string>());
  co_return text;
}

} // namespace troupe::sim
