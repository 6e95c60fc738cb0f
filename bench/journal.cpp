// Orders created per second with 500 in flight: through order_store's group commit on one session,
// against one transaction an order on as many sessions as serve it best. Same database, same rows,
// same run. TROUPE_TEST_PG: connection string of a server; the benchmark makes and drops its own
// database there.

#include "persistence/membership.hpp"
#include "persistence/migrations.hpp"
#include "persistence/order_store.hpp"
#include "persistence/pg.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <thread>

using namespace troupe;

namespace {

using clock_type = std::chrono::steady_clock;
constexpr std::size_t in_flight = 500;
constexpr std::size_t largest_batch = 256;
constexpr auto duration = std::chrono::seconds(5);

/// A database of the benchmark's own.
class scratch {
public:
  explicit scratch(std::string server) : server_(std::move(server)) {
    pg::connection(server_).script("create database " + name_);
    migrate(database::orders, conninfo());
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() {
    try {
      pg::connection(server_).script("drop database " + name_ + " with (force)");
    } catch (const store_error& e) {
      std::fprintf(stderr, "cannot drop %s: %s\n", name_.c_str(), e.what());
    }
  }
  std::string conninfo() const { return server_ + " dbname=" + name_; }

private:
  std::string server_;
  std::string name_ = "troupe_bench_"
                      + std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
};

write_set new_order(const id_source& ids) {
  write_set set;
  auto& o = set.current;
  o.id = ids();
  o.user_id = "user-1";
  o.shipping_address = R"({"name":"A. Buyer","street":"Brunnengasse 7","city":"Wien"})";
  o.lines = {{ids(), "prod-17", 2, 1999, "Desk lamp", "/images/17.png"},
             {ids(), "prod-42", 1, 8900, "Office chair", "/images/42.png"}};
  o.total = 2 * 1999 + 8900;
  deadlines within;
  set.step = decide_creation(o, within, "");
  set.key = idempotency{"user-1 POST /orders " + o.id, "0123456789abcdef"};
  return set;
}

double rate(int64_t orders, clock_type::time_point since) {
  return static_cast<double>(orders)
         / std::chrono::duration<double>(clock_type::now() - since).count();
}

/// 500 orders wait at any time; a batch takes what fits, each answer brings a new order.
double group_commit(const std::string& conninfo, const id_source& ids) {
  auto store = make_order_store(conninfo, begin_incarnation(conninfo, "bench", "none"));
  store->connect();
  std::deque<write_set> waiting;
  int64_t created = 0;
  const auto start = clock_type::now();
  while (clock_type::now() - start < duration) {
    while (waiting.size() < in_flight)
      waiting.push_back(new_order(ids));
    std::vector<write_set> batch;
    for (; batch.size() < largest_batch; waiting.pop_front())
      batch.push_back(std::move(waiting.front()));
    for (const auto& result : store->commit(batch))
      created += result.outcome == commit_outcome::committed ? 1 : 0;
  }
  return rate(created, start);
}

/// The same rows by plain statements in a transaction of their own, in one round trip.
void create_alone(pg::connection& on, const write_set& set, position at, const id_source& ids) {
  const auto& o = set.current;
  std::vector<pg::statement> all = {
      {"insert into idempotency_keys values ($1, $2, $3, 1, now())",
       {set.key->scope, set.key->body_hash, o.id}},
      {"insert into orders (id, user_id, total_amount, status, payment_status, created_at,"
       " updated_at, shipping_address, version, shard, attempt, transaction_id, stock_held, rounds,"
       " deadline_at) values ($1, $2, $3, $4, $5, now(), now(), $6, 1, $7, 0, '', false, 0,"
       " now() + interval '30 minutes')",
       {o.id, o.user_id, o.total, to_string(set.step.status), to_string(set.step.payment),
        o.shipping_address, shard_of(o.id)}}};
  int line = 0;
  for (const auto& each : o.lines)
    all.push_back({"insert into order_items (id, order_id, line, product_id, quantity, price,"
                   " product_name, image_url) values ($1, $2, $3, $4, $5, $6, $7, $8)",
                   {each.id, o.id, line++, each.product_id, each.quantity, each.price, each.name,
                    each.image_url}});
  all.push_back({"insert into order_status_history (position, id, order_id, version, status,"
                 " payment_status, message, events, \"timestamp\")"
                 " values ($1, $2, $3, 1, $4, $5, $6, $7, now())",
                 {at, ids(), o.id, to_string(set.step.status), to_string(set.step.payment),
                  set.step.message, encode_events(set.step.events)}});
  on.pipeline(all);
}

double one_by_one(const std::string& conninfo, const id_source& ids, int sessions) {
  std::atomic<int64_t> created{0};
  static std::atomic<int64_t> last{make_position(1 << 20, 0)};
  std::vector<std::thread> workers;
  const auto start = clock_type::now();
  for (int i = 0; i < sessions; ++i)
    workers.emplace_back([&] {
      pg::connection on(conninfo);
      while (clock_type::now() - start < duration) {
        create_alone(on, new_order(ids), ++last, ids);
        ++created;
      }
    });
  for (auto& each : workers)
    each.join();
  return rate(created, start);
}

} // namespace

int main() {
  const char* server = std::getenv("TROUPE_TEST_PG");
  if (!server) {
    std::fputs("TROUPE_TEST_PG is not set: a libpq connection string\n", stderr);
    return 2;
  }
  try {
    const scratch db(server);
    const auto ids = random_ids();
    std::printf("orders created per second, %zu in flight, two lines and a key each\n", in_flight);
    double plain = 0;
    for (int sessions : {1, 8, 32}) {
      const auto now = one_by_one(db.conninfo(), ids, sessions);
      std::printf("one transaction an order, %2d sessions: %8.0f\n", sessions, now);
      plain = std::max(plain, now);
    }
    const auto grouped = group_commit(db.conninfo(), ids);
    std::printf("group commit, 1 session, up to %zu:     %8.0f\n", largest_batch, grouped);
    std::printf("ratio to the best of the others: %.1f\n", grouped / plain);
  } catch (const store_error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
