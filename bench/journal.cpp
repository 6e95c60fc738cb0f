// Orders created per second with 500 in flight: through order_store's group commit, against one
// transaction an order on as many sessions as serve it best, as it is usually written and with all
// its statements in one round trip. Same database, same rows, same run. TROUPE_TEST_PG: connection
// string of a server; the benchmark makes and drops its own database there.

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
std::chrono::seconds duration{5}; ///< of each part; the program's argument

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

/// Creates orders through one journal with `waiting_at_once` in flight; each answer brings a new
/// order, a batch takes what waits. Returns how many were committed.
int64_t journal(order_store& store, const id_source& ids, std::size_t waiting_at_once,
                clock_type::time_point end) {
  std::deque<write_set> waiting;
  int64_t created = 0;
  while (clock_type::now() < end) {
    while (waiting.size() < waiting_at_once)
      waiting.push_back(new_order(ids));
    std::vector<write_set> batch;
    for (; batch.size() < largest_batch && !waiting.empty(); waiting.pop_front())
      batch.push_back(std::move(waiting.front()));
    for (const auto& result : store.commit(batch))
      created += result.outcome == commit_outcome::committed ? 1 : 0;
  }
  return created;
}

double group_commit(const std::string& conninfo, const id_source& ids, int journals) {
  const auto incarnation = begin_incarnation(conninfo, {"bench", "none"});
  std::vector<std::unique_ptr<order_store>> stores;
  for (int i = 0; i < journals; ++i) {
    stores.push_back(make_order_store(conninfo, incarnation));
    stores.back()->connect();
  }
  std::atomic<int64_t> created{0};
  std::vector<std::thread> threads;
  threads.reserve(stores.size());
  const auto start = clock_type::now();
  for (auto& store : stores)
    threads.emplace_back([&] {
      created
          += journal(*store, ids, in_flight / static_cast<std::size_t>(journals), start + duration);
    });
  for (auto& each : threads)
    each.join();
  return rate(created, start);
}

/// The same rows by plain statements, in a transaction of their own: one round trip a statement,
/// or with `piped` one for all of them.
void create_alone(pg::connection& on, const write_set& set, position at, const id_source& ids,
                  bool piped) {
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
  if (piped) {
    on.pipeline(all);
    return;
  }
  pg::transaction alone(on);
  for (const auto& each : all)
    on.exec(each);
  alone.commit();
}

double one_by_one(const std::string& conninfo, const id_source& ids, int sessions, bool piped) {
  std::atomic<int64_t> created{0};
  static std::atomic<int64_t> last{make_position(1 << 20, 0)};
  std::vector<std::thread> workers;
  workers.reserve(static_cast<std::size_t>(sessions));
  const auto start = clock_type::now();
  for (int i = 0; i < sessions; ++i)
    workers.emplace_back([&] {
      pg::connection on(conninfo);
      while (clock_type::now() - start < duration) {
        create_alone(on, new_order(ids), ++last, ids, piped);
        ++created;
      }
    });
  for (auto& each : workers)
    each.join();
  return rate(created, start);
}

} // namespace

int main(int count, char** arguments) {
  const char* server = std::getenv("TROUPE_TEST_PG");
  if (!server) {
    std::fputs("TROUPE_TEST_PG is not set: a libpq connection string\n", stderr);
    return 2;
  }
  if (count > 1)
    duration = std::chrono::seconds(std::atoi(arguments[1]));
  try {
    const scratch db(server);
    const auto ids = random_ids();
    std::printf("orders created per second, %zu in flight, two lines and a key each\n", in_flight);
    double best[2] = {0, 0};
    for (bool piped : {false, true})
      for (int sessions : {1, 8, 32}) {
        const auto now = one_by_one(db.conninfo(), ids, sessions, piped);
        std::printf("one transaction an order, %-20s %2d sessions: %8.0f\n",
                    piped ? "pipelined," : "plain,", sessions, now);
        best[piped] = std::max(best[piped], now);
      }
    double grouped = 0;
    for (int journals : {1, 2, 4}) {
      const auto now = group_commit(db.conninfo(), ids, journals);
      std::printf("group commit, up to %zu a batch,            %2d sessions: %8.0f\n",
                  largest_batch, journals, now);
      grouped = std::max(grouped, now);
    }
    std::printf("ratio to the best plain: %.1f, to the best pipelined: %.1f\n", grouped / best[0],
                grouped / best[1]);
  } catch (const store_error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
