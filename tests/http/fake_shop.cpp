#include "fake_shop.hpp"

#include "http/serve.hpp"

#include <chrono>

namespace troupe::test {

namespace {

using namespace std::chrono_literals;

template <class T>
caf::result<T> missing() {
  return make_fault(fault::not_found);
}

quote priced(const std::vector<wanted_line>& wanted) {
  quote q;
  for (const auto& line : wanted) {
    q.lines.push_back({"", line.product_id, line.quantity, 1000, "Thing", "/thing.jpg"});
    q.total += cents{1000} * line.quantity;
  }
  return q;
}

create_answer made(const create_request& r) {
  auto o = r.draft;
  o.version = 1;
  o.history = {{order_status::created, payment_status::pending, timestamp{1s}, "Order created"}};
  o.created_at = o.updated_at = timestamp{1s};
  return {o, false};
}

void script_samples(scripts& s) {
  s.view = [](const std::string& id, const std::string& user) -> caf::result<order> {
    return user.empty() ? sample_order(id) : sample_order(id, user);
  };
  s.command = [](const order_request& r) -> caf::result<order_answer> {
    return order_answer{sample_order(r.order_id), false};
  };
  s.create = [](const create_request& r) -> caf::result<create_answer> { return made(r); };
  s.load = [](const std::string& id) -> caf::result<loaded_order> {
    return std::make_shared<const order>(sample_order(id));
  };
  s.orders = [](const order_filter&) -> caf::result<order_list> {
    return std::make_shared<const std::vector<order>>(1, sample_order());
  };
  s.figures = []() -> caf::result<order_figures> { return order_figures{}; };
  s.earlier = [](const idempotency&) -> caf::result<earlier_use> { return earlier_use{}; };
  s.price = [](const std::vector<wanted_line>& w) -> caf::result<quote> { return priced(w); };
  s.products = [](const product_filter&) -> caf::result<product_page> {
    return product_page{{sample_product()}, 7};
  };
  s.find_product = [](const std::string& id) -> caf::result<product> { return sample_product(id); };
  s.ledger = [](const std::string& id) -> caf::result<product_ledger> {
    return product_ledger{sample_product(id), 0, 0, {}};
  };
  s.edit = [](const product_edit& e) -> caf::result<product_answer> {
    return product_answer{sample_product(e.id)};
  };
  s.count_products = []() -> caf::result<int64_t> { return int64_t{42}; };
  s.notices = [](const notification_filter&) { return missing<std::vector<notification>>(); };
  s.diagnose = [](const std::string&) { return missing<diagnosis>(); };
  s.feed = [](const std::vector<notification_cursor>& after) -> caf::result<notification_feed> {
    return notification_feed(after.size());
  };
  s.read = [](const std::string&, const std::string&) { return missing<notification>(); };
  s.letters = [](const letter_filter&) -> caf::result<letter_page> { return letter_page{}; };
  s.replay = [](const replay_request&) { return missing<replay_answer>(); };
  s.discard = [](const letter_id&, const std::string&) { return missing<bool>(); };
}

order_door::behavior_type door(order_door::pointer self, scripts* s) {
  return {
      [=](view_atom, const std::string& id, const std::string& user) -> caf::result<order> {
        if (s->silent)
          return self->make_response_promise<order>();
        return s->view(id, user);
      },
      [=](const order_request& r) { return s->command(r); },
      [=](const create_request& r) { return s->create(r); },
  };
}

order_reader::behavior_type reader(order_reader::pointer, scripts* s) {
  return {
      [=](view_atom, const std::string& id) { return s->load(id); },
      [](again_atom, const std::string&) {},
      [=](list_atom, const order_filter& by) { return s->orders(by); },
      [=](figures_atom) { return s->figures(); },
      [](ping_atom) { return true; },
  };
}

order_key_reader::behavior_type keys(order_key_reader::pointer, scripts* s) {
  return {[=](view_atom, const idempotency& key) { return s->earlier(key); }};
}

catalogue_actor::behavior_type catalogue(catalogue_actor::pointer, scripts* s) {
  return {
      [=](edit_atom, const product_edit& e) { return s->edit(e); },
      [=](const std::vector<wanted_line>& w) { return s->price(w); },
      [=](list_atom, const product_filter& by) { return s->products(by); },
      [=](view_atom, const std::string& id) { return s->find_product(id); },
      [=](ledger_atom, const std::string& id) { return s->ledger(id); },
      [=](count_atom) { return s->count_products(); },
      [](ping_atom) { return true; },
  };
}

notification_actor::behavior_type notices(notification_actor::pointer, scripts* s) {
  return {
      [=](list_atom, const notification_filter& by) { return s->notices(by); },
      [=](list_atom, const std::vector<notification_cursor>& after, int) { return s->feed(after); },
      [=](read_atom, const std::string& user, const std::string& id) { return s->read(user, id); },
      [](ping_atom) { return true; },
  };
}

diagnosis_actor::behavior_type desk(diagnosis_actor::pointer, scripts* s) {
  return {[=](diagnose_atom, const std::string& id) { return s->diagnose(id); }};
}

letters_actor::behavior_type letters(letters_actor::pointer, scripts* s) {
  return {
      [=](list_atom, const letter_filter& by) { return s->letters(by); },
      [=](replay_atom, const replay_request& asked) { return s->replay(asked); },
      [=](discard_atom, const letter_id& id, const std::string& by) { return s->discard(id, by); },
  };
}

/// Two nodes, the second of which owns shard 0.
membership_keeper::behavior_type cluster(membership_keeper::pointer) {
  return {
      [](tick_atom) {},
      [](leave_atom) { return true; },
      [](lost_atom, int64_t) {},
      [](view_atom) {
        cluster_state now;
        now.me = 7;
        now.members = {{7, "node-1", "10.0.0.1:3010"}, {8, "node-2", "10.0.0.2:3010"}};
        now.shards.fill({7, 1});
        now.shards[0] = {8, 2};
        now.shards[1] = {};
        return now;
      },
  };
}

} // namespace

order sample_order(const std::string& id, const std::string& user) {
  order o;
  o.id = id;
  o.user_id = user;
  o.status = order_status::payment_success;
  o.payment = payment_status::success;
  o.version = 3;
  o.total = 2000;
  o.shipping_address = R"({"city":"Berlin"})";
  o.lines = {{"i1", "p1", 2, 1000, "Thing", "/thing.jpg"}};
  o.history = {{order_status::created, payment_status::pending, timestamp{1s}, "Order created"},
               {order_status::payment_pending, payment_status::pending, timestamp{2s}, "Paying"},
               {order_status::payment_success, payment_status::success, timestamp{3s}, "Paid"}};
  o.transaction_id = "tx-1";
  o.created_at = timestamp{1s};
  o.updated_at = timestamp{3s};
  return o;
}

product sample_product(const std::string& id) {
  product p;
  p.id = id;
  p.name = "Thing";
  p.price = 1000;
  p.stock = 5;
  p.version = 2;
  return p;
}

fake_shop::fake_shop(http::api_options options, http::gateway_options bounds,
                     std::optional<service> letters_of, const http::waiting_options& patience) {
  script_samples(answers);
  bounds.tick = 10ms;
  bounds.count = &counters;
  gateway_.emplace(system_, bounds);
  waiting_.emplace(system_, patience, counters);
  backend_.emplace(std::move(options), random_ids(), *gateway_, *waiting_, health, counters);
  open();
  http::front_options listen;
  listen.admit = http::admit_by_address(*backend_);
  listen.on_access = http::count_access(counters, "test");
  front_.emplace(std::move(listen));
  http::add_order_routes(*front_, *backend_);
  http::add_order_list_routes(*front_, *backend_);
  http::add_catalogue_routes(*front_, *backend_);
  http::add_inventory_routes(*front_, *backend_);
  http::add_notification_routes(*front_, *backend_);
  http::add_diagnosis_routes(*front_, *backend_);
  http::add_analytics_routes(*front_, *backend_);
  http::add_cluster_routes(*front_, *backend_);
  http::add_letter_routes(*front_, *backend_, letters_of);
  http::add_health_routes(*front_, health, counters, "");
  http::add_document_routes(*front_);
  http::add_web_routes(*front_);
  front_->start();
}

void fake_shop::open() {
  const auto doors = make_doors();
  backend_->open(doors);
  waiting_->orders.open(doors.orders, mine);
  waiting_->notifications.open(doors.notifications);
}

http::doors fake_shop::make_doors() {
  auto spawned = [this](auto actor) {
    actors_.push_back(caf::actor_cast<caf::strong_actor_ptr>(actor));
    return actor;
  };
  return {spawned(system_.spawn(door, &answers)),
          spawned(system_.spawn(reader, &answers)),
          spawned(system_.spawn(keys, &answers)),
          spawned(system_.spawn(catalogue, &answers)),
          spawned(system_.spawn(notices, &answers)),
          spawned(system_.spawn(desk, &answers)),
          spawned(system_.spawn(letters, &answers)),
          spawned(system_.spawn(cluster)),
          {},
          {}};
}

fake_shop::~fake_shop() {
  waiting_->close();
  front_.reset();
  gateway_->stop();
  backend_->close();
  for (const auto& actor : actors_)
    caf::anon_send_exit(caf::actor_cast<caf::actor>(actor), caf::exit_reason::user_shutdown);
}

} // namespace troupe::test
