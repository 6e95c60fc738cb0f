#pragma once
// A shop with clients that wait: what changes, and who waits for it.

#include "shop.hpp"
#include "tests/front/client.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::test {

using http::test::client;
using http::test::eventually;

inline http::waiting_options quick(int most = 100,
                                   std::chrono::milliseconds heartbeat = std::chrono::seconds(10)) {
  http::waiting_options o;
  o.most = most;
  o.tick = std::chrono::milliseconds(10);
  o.heartbeat = heartbeat;
  return o;
}

inline order version_of(const order& o, int32_t version,
                        order_status status = order_status::confirmed) {
  auto now = o;
  now.version = version;
  now.status = status;
  return now;
}

inline notification notice_of(const std::string& user, int64_t seq) {
  notification n;
  n.id = "n" + std::to_string(seq);
  n.user_id = user;
  n.type = "ORDER";
  n.seq = seq;
  return n;
}

struct waiting_shop : fake_shop {
  explicit waiting_shop(const http::waiting_options& patience = quick())
      : fake_shop({}, {}, std::nullopt, patience) {
    answers.view = [this](const std::string& id, const std::string& user) {
      ++views;
      return id == now.id && (user.empty() || user == now.user_id)
                 ? caf::result<order>(now)
                 : caf::result<order>(make_fault(fault::not_found));
    };
    answers.notices = [](const notification_filter&) -> caf::result<std::vector<notification>> {
      return std::vector<notification>{};
    };
    answers.feed = [this](const std::vector<notification_cursor>& after) {
      const std::lock_guard lock(mutex);
      notification_feed all;
      int found = 0;
      for (const auto& c : after) {
        auto& page = all.emplace_back();
        for (const auto& n : told)
          if (n.user_id == c.user_id && n.seq > c.after && page.size() < 50)
            page.push_back(n);
        found += static_cast<int>(!page.empty());
      }
      fruitful += static_cast<int>(found > 0);
      return caf::result<notification_feed>(all);
    };
  }

  client ask(std::string_view path, std::string_view headers = {}) {
    client c(port());
    REQUIRE(c.send(http::test::get(path, headers)));
    return c;
  }
  client poll(std::string_view headers = {}) {
    std::string all = "If-None-Match: \"3\"\r\nPrefer: wait=30\r\n";
    return ask("/orders/c1", all.append(headers));
  }
  bool waits(const std::string& kind, int n = 1) {
    const auto line = "troupe_http_waiting{kind=\"" + kind + "\"} " + std::to_string(n) + "\n";
    return eventually([&] { return counters.text().find(line) != std::string::npos; });
  }
  /// Waits until the order was viewed so often, and what was viewed is known.
  void await_views(int n) {
    REQUIRE(eventually([&] { return views >= n; }));
  }
  void change(int32_t version, order_status status = order_status::confirmed) {
    waiting().orders.changed(version_of(now, version, status));
  }
  void tell(const std::vector<notification>& fresh) {
    {
      const std::lock_guard lock(mutex);
      told.insert(told.end(), fresh.begin(), fresh.end());
    }
    waiting().notifications.added(fresh);
  }

  order now = sample_order("c1");
  std::atomic<int> views = 0;
  std::mutex mutex;
  std::vector<notification> told;
  int fruitful = 0; ///< reads of notifications that found some
};

inline std::string event_end(const std::string& name, int64_t id) {
  return "event: " + name + "\nid: " + std::to_string(id) + "\ndata: {";
}

} // namespace troupe::test
