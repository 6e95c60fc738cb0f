#pragma once
// All routes on a real front on a free port, with fakes in place of the actors behind them. A test
// sets what each fake answers; what it leaves alone answers with samples.

#include "../support/http_client.hpp"
#include "http/analytics_routes.hpp"
#include "http/backend.hpp"
#include "http/catalogue_routes.hpp"
#include "http/cluster_routes.hpp"
#include "http/diagnosis_routes.hpp"
#include "http/document_routes.hpp"
#include "http/front.hpp"
#include "http/health_routes.hpp"
#include "http/inventory_routes.hpp"
#include "http/letter_routes.hpp"
#include "http/notification_routes.hpp"
#include "http/order_list_routes.hpp"
#include "http/order_routes.hpp"
#include "http/web_routes.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe::test {

/// What the fakes do; set before the request that needs it.
struct scripts {
  std::function<caf::result<order>(const std::string&, const std::string&)> view;
  std::function<caf::result<order_answer>(const order_request&)> command;
  std::function<caf::result<create_answer>(const create_request&)> create;
  std::function<caf::result<loaded_order>(const std::string&)> load;
  std::function<caf::result<order_list>(const order_filter&)> orders;
  std::function<caf::result<order_figures>()> figures;
  std::function<caf::result<earlier_use>(const idempotency&)> earlier;
  std::function<caf::result<quote>(const std::vector<wanted_line>&)> price;
  std::function<caf::result<product_page>(const product_filter&)> products;
  std::function<caf::result<product>(const std::string&)> find_product;
  std::function<caf::result<product_ledger>(const std::string&)> ledger;
  std::function<caf::result<product_answer>(const product_edit&)> edit;
  std::function<caf::result<int64_t>()> count_products;
  std::function<caf::result<std::vector<notification>>(const notification_filter&)> notices;
  std::function<caf::result<notification>(const std::string&, const std::string&)> read;
  std::function<caf::result<diagnosis>(const std::string&)> diagnose;
  std::function<caf::result<letter_page>(const letter_filter&)> letters;
  std::function<caf::result<replay_answer>(const replay_request&)> replay;
  std::function<caf::result<bool>(const letter_id&, const std::string&)> discard;
  std::function<caf::result<notification_feed>(const std::vector<notification_cursor>&)> feed;
  /// Views of orders are never answered.
  bool silent = false;
};

order sample_order(const std::string& id = "c1", const std::string& user = "user-1");
product sample_product(const std::string& id = "p1");

class fake_shop {
public:
  /// `letters_of`: as on that service's own port.
  explicit fake_shop(http::api_options options = {}, http::gateway_options bounds = {},
                     std::optional<service> letters_of = std::nullopt,
                     const http::waiting_options& patience = {});
  ~fake_shop();

  http_answer get(std::string_view target, const header_lines& headers = {}) {
    return http_request(front_->port(), "GET", target, headers);
  }
  http_answer send(std::string_view method, std::string_view target, std::string_view body = {},
                   const header_lines& headers = {}) {
    return http_request(front_->port(), method, target, headers, body);
  }

  scripts answers;
  metrics counters;
  health_board health;
  std::shared_ptr<lease> mine = lease::unlimited();
  http::gateway& calls() { return *gateway_; }
  http::backend& behind() { return *backend_; }
  http::waiting_clients& waiting() { return *waiting_; }
  uint16_t port() const { return front_->port(); }
  /// The node behind is there (again).
  void open();

private:
  http::doors make_doors();

  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  std::vector<caf::strong_actor_ptr> actors_;
  std::optional<http::gateway> gateway_;
  std::optional<http::waiting_clients> waiting_;
  std::optional<http::backend> backend_;
  std::optional<http::front> front_;
};

inline nlohmann::json json_of(const http_answer& a) {
  return nlohmann::json::parse(a.body, nullptr, false);
}

} // namespace troupe::test
