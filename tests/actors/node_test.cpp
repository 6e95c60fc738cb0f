// The whole node on the coordinator, with every database, the gateway and the event bus in memory:
// orders travel through all services, in virtual time.

#include "actors/node.hpp"
#include "actors/notices.hpp"
#include "kafka-bridge/fake_bus.hpp"
#include "telemetry/fail_point.hpp"
#include "tests/support/fake_diagnosis.hpp"
#include "tests/support/fake_emailing_store.hpp"
#include "tests/support/fake_inbox.hpp"
#include "tests/support/fake_inventory_store.hpp"
#include "tests/support/fake_letters.hpp"
#include "tests/support/fake_order_store.hpp"
#include "tests/support/fake_payment_gateway.hpp"
#include "tests/support/fake_payment_store.hpp"
#include "tests/support/order_house.hpp"

#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

class mailbox : public mail_transport {
public:
  explicit mailbox(std::vector<mail>& sent) : sent_(sent) {}
  std::vector<std::string> send(std::span<const mail> all) override {
    sent_.insert(sent_.end(), all.begin(), all.end());
    return std::vector<std::string>(all.size());
  }

private:
  std::vector<mail>& sent_;
};

/// What survives a restart of the node.
struct shop_world {
  timestamp now{std::chrono::hours(24 * 365 * 50)};
  kafka::fake_bus bus;
  health_board health;
  int64_t incarnation = 1;
  std::shared_ptr<fake_orders> orders = fake_orders::make([this] { return now; });
  std::shared_ptr<fake_inventory> stock = std::make_shared<fake_inventory>();
  std::shared_ptr<fake_payments> payments = std::make_shared<fake_payments>();
  std::shared_ptr<fake_payment_gateway> gateway = std::make_shared<fake_payment_gateway>();
  std::shared_ptr<fake_emailing_store> emailing
      = std::make_shared<fake_emailing_store>(decode_notice);
  std::map<service, std::shared_ptr<fake_inbox_rows>> inboxes;
  std::vector<mail> sent;
  int broken = 0;
};

struct shop : shop_world, stage {
  shop() {
    product lamp;
    lamp.id = "p-001";
    lamp.name = "Lamp";
    lamp.price = 1999;
    lamp.stock = 10;
    stock->add_product(lamp);
    for (auto s : {service::order, service::payment, service::inventory, service::emailing})
      inboxes[s] = std::make_shared<fake_inbox_rows>();
    start();
  }
  ~shop() { stop(); }
  shop(const shop&) = delete;
  shop& operator=(const shop&) = delete;

  void start() {
    serving = std::make_unique<node>(sys, parts(), [this] { ++broken; });
    live(std::chrono::seconds(1));
  }

  void stop() {
    serving.reset();
    run();
  }

  /// The process is gone, the databases know it, and a new one starts.
  void restart() {
    stop();
    orders->fence(incarnation);
    payments->fenced.insert(incarnation);
    ++incarnation;
    start();
  }

  node_parts parts() {
    node_parts p;
    p.detach = false;
    p.orders = [this] { return orders->store(incarnation); };
    p.order_reads = [this] { return orders->queries(); };
    p.inventory = [this] { return std::make_unique<fake_inventory_store>(stock); };
    p.inventory_reads = [this] { return std::make_unique<fake_inventory_queries>(stock); };
    p.payments = [this] { return std::make_unique<fake_payment_store>(payments, incarnation); };
    p.emailing = [this] { return std::make_unique<emailing_session>(emailing); };
    p.inboxes = [this](service s) { return std::make_unique<fake_inbox>(inboxes.at(s)); };
    p.diagnoses = [](service) {
      return std::make_unique<fake_diagnosis_queries>(std::make_shared<fake_case_files>());
    };
    p.letters = [this](service s) { return std::make_unique<fake_letters>(s, inboxes.at(s)); };
    p.gateway = gateway;
    p.mail = [this] { return std::make_unique<mailbox>(sent); };
    p.publisher
        = [this](kafka::publisher_callbacks tell) { return bus.make_publisher(std::move(tell)); };
    p.consumer = [this](service s, kafka::consume_callback take) {
      return bus.make_consumer(kafka::group_of(s), kafka::topics_of(s), std::move(take));
    };
    p.prepare_topics = [] { return true; };
    p.clock = [this] { return now; };
    p.count = &count;
    p.health = &health;
    return p;
  }

  void settle() {
    do
      run();
    while (bus.pump() || gateway->deliver_all() > 0);
  }

  void live(std::chrono::milliseconds span) {
    constexpr std::chrono::milliseconds step{100};
    for (auto passed = span * 0; passed < span; passed += step) {
      now += step;
      payments->journal->now += step;
      emailing->now += step;
      time.advance_time(step);
      settle();
    }
  }

  order_door door() const { return serving->doors().orders; }

  void create(const std::string& id, int32_t quantity = 1) {
    auto request = draft(id);
    request.draft.lines[0].quantity = quantity;
    auto made = send(door(), request);
    settle();
    REQUIRE(answer_of<create_answer>(made));
    live(std::chrono::seconds(1));
  }

  order tell(const std::string& id, order_verb verb) {
    auto answer = send(door(), command(id, verb));
    settle();
    auto after = answer_of<order_answer>(answer);
    REQUIRE(after);
    return after->now;
  }

  order view(const std::string& id) {
    auto answer = send(door(), view_atom::value, id, std::string());
    settle();
    auto now = answer_of<order>(answer);
    REQUIRE(now);
    return *now;
  }

  const product& lamp() const { return stock->products.at("p-001").what; }

  std::set<std::string> titles() const {
    std::set<std::string> all;
    for (const auto& n : emailing->notifications)
      all.insert(n.title);
    return all;
  }

  bool nothing_set_aside() const {
    return std::all_of(inboxes.begin(), inboxes.end(), [](const auto& entry) {
      return entry.second->dead.empty() && entry.second->parked.empty();
    });
  }

  std::unique_ptr<node> serving;
};

} // namespace

TEST_CASE_FIXTURE(shop, "an order walks through all services to COMPLETED") {
  create("o1", 2);
  CHECK(lamp().reserved == 2);
  CHECK(tell("o1", order_verb::pay).status == order_status::payment_success);
  live(a_while);
  CHECK(view("o1").status == order_status::confirmed);
  CHECK(lamp().sold == 2);
  CHECK(tell("o1", order_verb::dispatch).status == order_status::dispatched);
  CHECK(tell("o1", order_verb::deliver).status == order_status::completed);
  live(a_while);
  auto done = view("o1");
  CHECK(done.history.size() == 6);
  CHECK_FALSE(done.live);
  CHECK(gateway->captured("o1") == 1);
  CHECK(titles()
        == std::set<std::string>{"Order received", "Payment received", "Order confirmed",
                                 "Order dispatched", "Order delivered"});
  REQUIRE(sent.size() == 5);
  CHECK(sent[0].to == "ada@customers.invalid");
  CHECK(nothing_set_aside());
  CHECK(broken == 0);
}

TEST_CASE_FIXTURE(shop, "a paid order that is cancelled gets its money and its stock back") {
  create("o1", 3);
  tell("o1", order_verb::pay);
  live(a_while);
  CHECK(view("o1").status == order_status::confirmed);
  CHECK(tell("o1", order_verb::cancel).payment == payment_status::refund_pending);
  live(std::chrono::seconds(5));
  auto end = view("o1");
  CHECK(end.status == order_status::cancelled);
  CHECK(end.payment == payment_status::refunded);
  CHECK_FALSE(end.stock_held);
  CHECK_FALSE(end.live);
  CHECK(gateway->refunded_count("o1") == 1);
  CHECK(lamp().stock == 10);
  CHECK(lamp().sold == 0);
  CHECK(nothing_set_aside());
}

TEST_CASE_FIXTURE(shop, "an order that is short is cancelled, and money that moved goes back") {
  create("o1", 11);
  CHECK(view("o1").status == order_status::cancelled);
  CHECK(lamp().stock == 10);
  bus.set_down(true); // so that the payment comes before the rejection
  create("o2", 11);
  CHECK(tell("o2", order_verb::pay).status == order_status::payment_success);
  bus.set_down(false);
  live(std::chrono::seconds(5));
  auto end = view("o2");
  CHECK(end.status == order_status::cancelled);
  CHECK(end.payment == payment_status::refunded);
  CHECK(gateway->captured("o2") == 1);
  CHECK(gateway->refunded_count("o2") == 1);
  CHECK(nothing_set_aside());
}

TEST_CASE_FIXTURE(shop, "with Kafka down orders go on, and everything catches up") {
  bus.set_down(true);
  create("o1");
  CHECK(tell("o1", order_verb::pay).status == order_status::payment_success);
  live(std::chrono::seconds(10));
  CHECK(health.checks("order").at("kafka").state == health::degraded);
  CHECK(view("o1").status == order_status::payment_success);
  bus.set_down(false);
  live(std::chrono::seconds(3));
  CHECK(view("o1").status == order_status::confirmed);
  CHECK(health.checks("order").at("kafka").state == health::up);
  CHECK(health.checks("order").at("database").state == health::up);
}

TEST_CASE_FIXTURE(shop, "an order that is not paid in time is cancelled") {
  create("o1");
  live(std::chrono::minutes(31));
  auto end = view("o1");
  CHECK(end.status == order_status::cancelled);
  CHECK_FALSE(end.live);
  CHECK(lamp().reserved == 0);
  CHECK(titles().contains("Order cancelled"));
}

TEST_CASE_FIXTURE(shop, "a payment whose answer was lost is learnt by the deadline") {
  create("o1");
  create("o2");
  gateway->next_charges({gateway_fault::captured_then_unknown, gateway_fault::lost_before});
  CHECK(tell("o1", order_verb::pay).status == order_status::payment_pending);
  CHECK(tell("o2", order_verb::pay).status == order_status::payment_pending);
  live(std::chrono::seconds(40));
  CHECK(view("o1").status == order_status::confirmed);
  CHECK(view("o2").status == order_status::payment_failed);
  CHECK(gateway->charge_calls() == 2);
  CHECK(gateway->captured("o1") == 1);
  CHECK(gateway->captured("o2") == 0);
}

TEST_CASE_FIXTURE(shop, "a record that comes twice changes nothing") {
  create("o1");
  tell("o1", order_verb::pay);
  live(a_while);
  tell("o1", order_verb::cancel);
  auto records = bus.records(std::string(topic::order_cancelled));
  REQUIRE(records.size() == 1);
  live(a_while);
  bus.inject(std::string(topic::order_cancelled), records[0]);
  live(a_while);
  CHECK(gateway->refunded_count("o1") == 1);
  CHECK(lamp().stock == 10);
  CHECK(view("o1").payment == payment_status::refunded);
  CHECK(nothing_set_aside());
}

TEST_CASE_FIXTURE(shop, "a restart goes on where the last process ended") {
  bus.set_down(true);
  create("o1");
  tell("o1", order_verb::pay);
  create("o2");
  gateway->hold_answers(true); // the process ends while the gateway is at it
  auto paying = send(door(), command("o2", order_verb::pay));
  live(std::chrono::seconds(1));
  stop();
  CHECK_FALSE(answer_of<order_answer>(paying));
  gateway->hold_answers(false);
  bus.set_down(false);
  restart();
  live(std::chrono::seconds(30));
  CHECK(view("o1").status == order_status::confirmed);
  CHECK(view("o2").status == order_status::confirmed);
  CHECK(gateway->charge_calls() == 2);
  CHECK(gateway->captured("o2") == 1);
  CHECK(lamp().sold == 2);
  CHECK(nothing_set_aside());
}

TEST_CASE_FIXTURE(shop, "a record that nobody can read is a dead letter and holds nothing up") {
  bus.inject(std::string(topic::order_created), {"x", "{broken", {}});
  create("o1");
  tell("o1", order_verb::pay);
  live(a_while);
  CHECK(view("o1").status == order_status::confirmed);
  CHECK(inboxes[service::inventory]->dead.size() == 1);
  CHECK(inboxes[service::emailing]->dead.size() == 1);
}

TEST_CASE_FIXTURE(shop, "consumers and keepers that throw are made again in the same incarnation") {
  arm_fail_points("inbox.before_command=throw,inbox.before_keeping=throw,"
                  "inventory.before_effect=throw@2,emailing.before_effect=throw@2");
  bus.inject(std::string(topic::order_created), {"x", "{broken", {}});
  create("o1");
  tell("o1", order_verb::pay);
  live(a_while);
  arm_fail_points("");
  CHECK(view("o1").status == order_status::confirmed);
  CHECK(inboxes[service::inventory]->dead.size() == 1);
  CHECK(inboxes[service::emailing]->dead.size() == 1);
  CHECK(titles().size() == 3);
  CHECK(broken == 0);
}

TEST_CASE_FIXTURE(shop, "quotes, lists and figures are there") {
  auto quoted = ask<quote>(serving->doors().catalogue,
                           std::vector<wanted_line>{{"p-001", 2, 1999}, {"p-404", 1, {}}});
  REQUIRE(quoted);
  CHECK(quoted->total == 3998);
  CHECK(quoted->unknown == std::vector<std::string>{"p-404"});
  create("o1");
  auto told = ask<std::vector<notification>>(serving->doors().notifications, list_atom::value,
                                             notification_filter{"ada", false, 50});
  REQUIRE(told);
  CHECK(told->size() == 1);
  auto figures = ask<order_figures>(serving->doors().reader, figures_atom::value);
  REQUIRE(figures);
  CHECK(figures->by_status.at("CREATED") == 1);
}
