#pragma once
// libpq behind RAII: connections, results, pipelines. Internal to persistence/; no other folder
// includes it, and libpq's own header stays in pg.cpp. One thread at a time per connection.
//
// Every call throws pg::error (a store_error) and nothing else: `lost` once the connection is gone
// (what was being sent may or may not have been committed), `wait` or `failed` by SQLSTATE on a
// session that stays usable. Texts of errors hold no parameter values.

#include "domain/event.hpp"
#include "persistence/pg_error.hpp"
#include "persistence/pg_param.hpp"

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

struct pg_conn;
struct pg_result;

namespace troupe::pg {

/// One statement with its parameters `$1…`. `sql` is a constant of the program: a connection
/// prepares each text once and keeps it, so never build it from values.
struct statement {
  std::string_view sql;
  std::vector<param> params;
};

/// The rows that one statement returned. Columns count from 0.
class result {
public:
  explicit result(pg_result* raw) : raw_(raw) {}

  int rows() const;
  /// Rows that an INSERT, UPDATE or DELETE touched.
  int64_t affected() const;

  bool null(int row, int column) const;
  /// Empty for NULL. Valid as long as this result.
  std::string_view view(int row, int column) const;
  std::string text(int row, int column) const { return std::string(view(row, column)); }
  /// smallint, int, bigint; 0 for NULL. A numeric must be cast to bigint in the statement.
  int64_t integer(int row, int column) const;
  int32_t small(int row, int column) const { return static_cast<int32_t>(integer(row, column)); }
  double real(int row, int column) const;
  bool boolean(int row, int column) const;
  /// Of a bigint of microseconds since the epoch: `(extract(epoch from t) * 1000000)::bigint`.
  timestamp time(int row, int column) const;
  /// Of a bytea.
  std::string raw_bytes(int row, int column) const;

private:
  struct deleter {
    void operator()(pg_result* raw) const;
  };
  friend class connection;
  std::unique_ptr<pg_result, deleter> raw_;
};

/// How the server plans a session's statements.
enum class planning : uint8_t {
  each_time, ///< by the parameters and the statistics
  by_keys    ///< once, over indexes only: for statements that name their rows by keys
};

/// Settings of a session. All are finite.
struct session_options {
  std::chrono::milliseconds lock_timeout{1000}; ///< journals: 1 s
  std::chrono::milliseconds statement_timeout{30000};
  /// How long to wait for the answer of a whole call before the connection counts as lost.
  std::chrono::milliseconds answer_timeout{60000};
  /// Every statement of a pipeline sees the same state of the database. Only for readers.
  bool one_snapshot = false;
  planning plans = planning::each_time;
};

class connection {
public:
  /// Connects. `conninfo` wins over the defaults (connect_timeout 5 s, TCP keepalives). Throws
  /// `wait` when that fails for whatever reason.
  explicit connection(const std::string& conninfo, session_options options = {});
  connection(connection&&) noexcept;
  connection& operator=(connection&&) noexcept;
  ~connection();

  /// Sends one statement, which is its own transaction unless one was begun.
  result exec(const statement& what);
  result exec(std::string_view sql, std::vector<param> params = {}) {
    return exec(statement{sql, std::move(params)});
  }

  /// Sends all statements in one go and waits once. Outside of a begun transaction they are one
  /// transaction: all of them are durable when this returns, none when it throws `wait` or
  /// `failed`. One result a statement.
  std::vector<result> pipeline(std::span<const statement> all);
  /// `pipeline` for a batch that writes: passes the fail point batch.half_sent in its middle.
  std::vector<result> write(std::span<const statement> all);

  /// Runs a file of statements that take no parameters, as one transaction unless one was begun.
  void script(const std::string& sql);

  /// False once the connection is known to be gone; `exec` then throws `lost`.
  bool alive() const;
  /// `alive`, of a session that was idle: notices when the server has ended it meanwhile. Not while
  /// a transaction is open.
  bool still_there();
  /// Drops the connection as it is.
  void close();
  int backend_pid() const;

private:
  struct deleter {
    void operator()(pg_conn* raw) const;
  };
  using clock = std::chrono::steady_clock;

  void configure();
  std::vector<result> run(std::span<const statement> all, std::size_t half);
  void send(const statement& what, bool& prepares);
  void flush(clock::time_point deadline);
  pg_result* next(clock::time_point deadline);
  void wait(bool writing, clock::time_point deadline);
  [[noreturn]] void lose(const std::string& why);
  error failure(const pg_result* raw);
  result read_answer(clock::time_point deadline, std::exception_ptr& first);
  void read_sync(clock::time_point deadline, std::exception_ptr& first);

  std::unique_ptr<pg_conn, deleter> raw_;
  session_options options_;
  /// Prepared statements of this session by their text.
  std::unordered_map<std::string_view, std::string> prepared_;
  int64_t named_ = 0;
};

/// BEGIN … COMMIT for what has to read, decide and write under locks. Rolls back unless committed.
/// `lost` from `commit` leaves the outcome unknown.
class transaction {
public:
  explicit transaction(connection& on);
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction();
  void commit();

private:
  connection& on_;
  bool open_ = true;
};

/// A connection for reads that comes up when it is needed and comes back after a loss.
class lazy_connection {
public:
  explicit lazy_connection(std::string conninfo, session_options options = {})
      : conninfo_(std::move(conninfo)), options_(options) {}

  /// The open connection; connects first when there is none. Throws `wait`.
  connection& get();

  /// `f(connection&)`; once more on a fresh connection when an older one turns out to be gone.
  /// Only for what may run twice.
  template <class F>
  auto run(F f) {
    const bool fresh = !up_ || !up_->alive();
    try {
      return f(get());
    } catch (const error& e) {
      if (fresh || e.kind != store_failure::lost)
        throw;
    }
    return f(get());
  }

private:
  std::string conninfo_;
  session_options options_;
  std::optional<connection> up_;
};

} // namespace troupe::pg
