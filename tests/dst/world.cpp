#include "tests/dst/world.hpp"

#include "tests/dst/shaky_bus.hpp"
#include "tests/dst/shaky_gateway.hpp"
#include "tests/dst/shaky_stores.hpp"
#include "tests/support/fake_diagnosis.hpp"
#include "tests/support/fake_letters.hpp"

#include <stdexcept>

namespace troupe::dst {

namespace {

/// Time between looks at what may go wrong by itself.
constexpr std::chrono::milliseconds weather_interval{500};

} // namespace

world::world(uint64_t seed, sabotage rule)
    : dice(seed), faults(dice), broken(rule), began_(time.clock().now()) {
  doer_ = sys.spawn([this](caf::event_based_actor* it) -> caf::behavior {
    outside_ = it;
    return {[](const task& what) { (*what)(); }};
  });
  run();
  add_products();
  start();
  weather();
}

world::~world() {
  faults.heal();
  present_ = nullptr;
  for (auto& p : processes_)
    p->serving.reset();
  run();
  caf::anon_send_exit(doer_, caf::exit_reason::user_shutdown);
  doer_ = nullptr;
  run();
  while (time.has_pending_timeout()) {
    time.trigger_timeouts();
    run();
  }
}

void world::add_products() {
  constexpr int products = 8;
  for (int i = 0; i < products; ++i) {
    product p;
    p.id = "p" + std::to_string(i);
    p.name = "Product " + std::to_string(i);
    p.price = 100 + dice.below(5000);
    p.stock = dice.percent(30) ? dice.between(0, 20) : 1000; // some run short
    first_stock[p.id] = p.stock;
    stock->add_product(p);
  }
}

world::milliseconds world::at() const {
  return std::chrono::duration_cast<milliseconds>(time.clock().now() - began_);
}

bool world::strikes(mishap m, std::string_view order) {
  if (!faults.strikes(m))
    return false;
  note(order, "! " + std::string(to_string(m)));
  return true;
}

void world::later(milliseconds delay, std::function<void()> what) {
  caf::delayed_anon_send(doer_, delay, std::make_shared<std::function<void()>>(std::move(what)));
}

order_door world::door() const {
  return present_ ? present_->serving->doors().orders : order_door();
}

/// One message of an actor that the seed chooses.
void world::run_any() {
  auto& jobs = time.jobs;
  if (jobs.size() > 1) {
    const auto chosen = dice.below(static_cast<int>(std::min<size_t>(jobs.size(), 16)));
    std::rotate(jobs.begin(), jobs.begin() + chosen, jobs.begin() + chosen + 1);
  }
  time.run_once();
}

/// The next thing that is due.
void world::advance() {
  time.trigger_timeout();
  set_clocks(beginning + at());
}

void world::stand_still(milliseconds span) {
  const auto end = at() + span;
  while (at() < end)
    if (time.has_job())
      run_any();
    else
      advance();
}

bool world::live(const std::function<bool()>& over, milliseconds limit) {
  const auto end = at() + limit;
  auto look = at();
  while (at() < end) {
    if (time.has_job()) {
      run_any();
      continue;
    }
    if (at() >= look) {
      if (over())
        return true;
      look = at() + std::chrono::seconds(2);
    }
    advance();
  }
  return false;
}

// ---- the weather: what goes wrong by itself
// ------------------------------------------------------

void world::pass_for_a_while(milliseconds longest, const std::function<void(bool)>& set) {
  set(true);
  later(milliseconds(dice.between(100, static_cast<int>(longest.count()))), [set] { set(false); });
}

void world::weather() {
  if (faults.healed())
    return;
  later(weather_interval, [this] { weather(); });
  using std::chrono::seconds;
  if (strikes(mishap::orders_down))
    pass_for_a_while(seconds(6), [this](bool down) { orders->set_down(down); });
  if (strikes(mishap::bus_down))
    pass_for_a_while(seconds(8), [this](bool down) {
      bus.set_down(down);
      bus_moves();
    });
  if (strikes(mishap::inbox_down))
    pass_for_a_while(seconds(6), [rows = inboxes[all_services[static_cast<size_t>(dice.below(4))]]](
                                     bool down) { rows->down = down; });
  if (strikes(mishap::rebalance))
    disturb_group(*this, all_services[static_cast<size_t>(dice.below(4))]);
  if (!present_)
    return;
  if (strikes(mishap::killed))
    kill();
  else if (strikes(mishap::fenced))
    fence();
  else if (strikes(mishap::ended))
    end();
}

// ---- the bus
// -------------------------------------------------------------------------------------

void world::bus_moves() {
  if (!std::exchange(pumping_, true))
    later(milliseconds(dice.between(1, 20)), [this] { pump(); });
}

void world::pump() {
  pumping_ = false;
  if (bus.pump())
    bus_moves();
}

// ---- processes
// -----------------------------------------------------------------------------------

void world::start() {
  auto p = std::make_shared<process>();
  p->incarnation = ++incarnations_;
  note("", "process " + std::to_string(p->incarnation) + " starts");
  p->serving = std::make_unique<node>(
      sys, parts(p), [this, p] { later(milliseconds(0), [this, p] { broke(p); }); });
  processes_.push_back(p);
  present_ = p;
}

void world::replace(milliseconds delay) {
  present_ = nullptr;
  if (!std::exchange(starting_, true))
    later(delay, [this] {
      starting_ = false;
      start();
    });
}

/// Marks it in every database and ends its sessions there.
void world::fence_databases(const process_ptr& p) {
  orders->fence(p->incarnation);
  orders->end_sessions(p->incarnation);
  stock->journal->fence(p->incarnation);
  payments->journal->fence(p->incarnation);
  payments->fenced.insert(p->incarnation);
}

void world::kill() {
  auto p = present_;
  p->gone = true;
  p->mine->extend({});
  fence_databases(p);
  p->serving.reset();
  replace(milliseconds(dice.between(100, 3000)));
}

void world::end() {
  auto p = present_;
  p->serving.reset();
  const auto fenced = milliseconds(dice.between(50, 500));
  later(fenced, [this, p] { fence_databases(p); });
  replace(fenced + milliseconds(dice.between(0, 1000)));
}

/// The shards are free once its sessions in the orders database are over; the other databases
/// follow, and its successor does not wait for that.
void world::fence() {
  auto p = present_;
  p->mine->extend({});
  orders->fence(p->incarnation);
  orders->end_sessions(p->incarnation);
  later(milliseconds(dice.between(0, 3000)), [this, p] { fence_databases(p); });
  start();
}

void world::release_quarantined() {
  const auto& quarantined
      = count.gauge("troupe_orders_quarantined", "Orders whose actor keeps crashing.");
  if (present_ && quarantined.Value() > 0)
    end();
}

/// A part of it died that the rest hangs on, or it found itself fenced.
void world::broke(const process_ptr& p) {
  if (!p->serving)
    return;
  note("", "process " + std::to_string(p->incarnation) + " is broken");
  p->serving.reset();
  later(milliseconds(dice.between(50, 500)), [this, p] { fence_databases(p); });
  if (p == present_)
    replace(milliseconds(dice.between(500, 1500)));
}

node_parts world::parts(const process_ptr& p) {
  node_parts made;
  made.detach = false;
  add_stores(made, p);
  made.gateway = std::make_shared<shaky_gateway>(*this);
  made.publisher = [this, p](kafka::publisher_callbacks tell) {
    return std::make_unique<shaky_publisher>(*this, p, std::move(tell));
  };
  made.consumer = [this, p](service s, kafka::consume_callback hand_out) {
    return std::make_unique<shaky_consumer>(*this, p, s, std::move(hand_out));
  };
  made.prepare_topics = [] { return true; };
  made.mine = p->mine;
  made.clock = [this] {
    if (strikes(mishap::order_throws))
      throw std::runtime_error("an order throws, on purpose");
    return now;
  };
  made.count = &count;
  made.health = &health;
  add_sizes(made);
  return made;
}

void world::add_stores(node_parts& made, const process_ptr& p) {
  const auto me = p->incarnation;
  made.orders = [this, me] { return std::make_unique<shaky_orders>(*this, me); };
  made.order_reads = [this] { return std::make_unique<shaky_reads>(*this); };
  made.inventory = [this, me] { return std::make_unique<shaky_stock>(*this, me); };
  made.inventory_reads = [this] { return std::make_unique<test::fake_inventory_queries>(stock); };
  made.payments = [this, me] { return std::make_unique<shaky_payments>(*this, me); };
  made.emailing = [this] { return std::make_unique<shaky_emailing>(*this); };
  made.inboxes = [this](service s) { return std::make_unique<test::fake_inbox>(inboxes.at(s)); };
  made.diagnoses = [](service) {
    return std::make_unique<test::fake_diagnosis_queries>(
        std::make_shared<test::fake_case_files>());
  };
  made.letters
      = [this](service s) { return std::make_unique<test::fake_letters>(s, inboxes.at(s)); };
  made.mail = [this] { return std::make_unique<shaky_mail>(*this); };
}

/// Short deadlines, and sometimes lines so short that they fill.
void world::add_sizes(node_parts& made) {
  using std::chrono::seconds;
  made.within.unpaid = seconds(40);
  made.within.payment = seconds(8);
  made.within.confirmation = made.within.settlement = seconds(10);
  made.within.longest = seconds(60);
  made.journals = static_cast<size_t>(dice.between(1, 2));
  made.journal.batch = static_cast<size_t>(dice.percent(50) ? 256 : dice.between(1, 4));
  made.journal.waiting = static_cast<size_t>(dice.percent(70) ? 10'000 : dice.between(1, 4));
  made.shards.idle = seconds(dice.percent(50) ? 60 : 3);
  // A round of deadlines a minute settles that many: fewer would take longer than a run may settle.
  made.payment.at_once = static_cast<size_t>(dice.percent(80) ? 4096 : dice.between(4, 8));
  made.payment.refund_lease = seconds(10);
  made.mails.retry = seconds(5);
}

} // namespace troupe::dst
