#include "persistence/pg.hpp"

#include "persistence/conninfo.hpp"
#include "telemetry/fail_point.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <libpq-fe.h>
#include <poll.h>

namespace troupe::pg {

namespace {

std::string one_line(const char* message) {
  std::string text = message ? message : "";
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  for (char& c : text)
    if (c == '\n')
      c = ' ';
  return text;
}

std::string field(const pg_result* raw, int code) {
  return one_line(PQresultErrorField(raw, code));
}

/// What of a server's message may be logged. Those of 22 and 23 quote values.
std::string describe(const pg_result* raw, const std::string& sqlstate) {
  std::string text = "SQLSTATE " + sqlstate;
  if (!sqlstate.starts_with("22") && !sqlstate.starts_with("23"))
    text += ": " + field(raw, PG_DIAG_MESSAGE_PRIMARY);
  for (auto [code, name] : {std::pair{PG_DIAG_TABLE_NAME, " table "},
                            {PG_DIAG_COLUMN_NAME, " column "},
                            {PG_DIAG_CONSTRAINT_NAME, " constraint "}})
    if (auto value = field(raw, code); !value.empty())
      text += name + value;
  return text;
}

constexpr std::string_view configure_sql
    = "select set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false),"
      " set_config('client_min_messages', 'warning', false), set_config('jit', 'off', false),"
      // Tables grow while a session lives: a plan that is kept would go on scanning them.
      " set_config('plan_cache_mode', 'force_custom_plan', false),"
      // So that the server soon ends the session of a host that is gone, and frees its locks.
      " set_config('tcp_keepalives_idle', '5', false),"
      " set_config('tcp_keepalives_interval', '2', false),"
      " set_config('tcp_keepalives_count', '3', false),"
      " set_config('tcp_user_timeout', '12000', false),"
      " set_config('default_transaction_isolation', $3, false)";

// A plan that is kept, and may not scan: it is as good for a table of millions as for an empty one.
constexpr std::string_view by_keys_sql
    = "select set_config('plan_cache_mode', 'force_generic_plan', false),"
      " set_config('enable_seqscan', 'off', false), set_config('enable_mergejoin', 'off', false),"
      " set_config('random_page_cost', '1.1', false)";

} // namespace

void result::deleter::operator()(pg_result* raw) const {
  PQclear(raw);
}

int result::rows() const {
  return PQntuples(raw_.get());
}

int64_t result::affected() const {
  return std::atoll(PQcmdTuples(raw_.get()));
}

bool result::null(int row, int column) const {
  return PQgetisnull(raw_.get(), row, column) != 0;
}

std::string_view result::view(int row, int column) const {
  return {PQgetvalue(raw_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(raw_.get(), row, column))};
}

int64_t result::integer(int row, int column) const {
  auto text = view(row, column);
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

double result::real(int row, int column) const {
  return std::strtod(PQgetvalue(raw_.get(), row, column), nullptr);
}

bool result::boolean(int row, int column) const {
  return view(row, column) == "t";
}

timestamp result::time(int row, int column) const {
  return timestamp(std::chrono::microseconds(integer(row, column)));
}

std::string result::raw_bytes(int row, int column) const {
  std::size_t length = 0;
  auto* text = reinterpret_cast<unsigned char*>(PQgetvalue(raw_.get(), row, column));
  std::unique_ptr<unsigned char, void (*)(void*)> bytes(PQunescapeBytea(text, &length), PQfreemem);
  if (!bytes)
    throw std::bad_alloc();
  return {reinterpret_cast<char*>(bytes.get()), length};
}

void connection::deleter::operator()(pg_conn* raw) const {
  PQfinish(raw);
}

connection::connection(const std::string& conninfo, session_options options) : options_(options) {
  if (const auto mistake = mistake_in_conninfo(conninfo); !mistake.empty())
    throw error(store_failure::failed, mistake);
  // What stands before `dbname` gives way to the connection string, what stands after wins.
  constexpr std::array keys
      = {"connect_timeout",  "keepalives_idle",  "keepalives_interval",
         "keepalives_count", "tcp_user_timeout", "fallback_application_name",
         "dbname",           "client_encoding",  static_cast<const char*>(nullptr)};
  const std::array values = {"5",
                             "5",
                             "2",
                             "3",
                             "12000",
                             "troupe",
                             conninfo.c_str(),
                             "UTF8",
                             static_cast<const char*>(nullptr)};
  raw_.reset(PQconnectdbParams(keys.data(), values.data(), 1));
  if (!raw_)
    throw std::bad_alloc();
  if (PQstatus(raw_.get()) != CONNECTION_OK)
    throw error(
        store_failure::wait,
        without_secrets("cannot connect: " + one_line(PQerrorMessage(raw_.get())), conninfo));
  PQsetNoticeProcessor(
      raw_.get(), [](void*, const char*) {}, nullptr);
  try {
    configure();
  } catch (const error& e) {
    throw error(store_failure::wait, std::string("cannot connect: ") + e.what(), e.sqlstate());
  }
}

connection::connection(connection&&) noexcept = default;
connection& connection::operator=(connection&&) noexcept = default;
connection::~connection() = default;

void connection::configure() {
  if (PQsetnonblocking(raw_.get(), 1) != 0 || PQenterPipelineMode(raw_.get()) != 1)
    lose("cannot enter pipeline mode");
  exec(configure_sql, {std::to_string(options_.lock_timeout.count()),
                       std::to_string(options_.statement_timeout.count()),
                       options_.one_snapshot ? "repeatable read" : "read committed"});
  if (options_.plans == planning::by_keys)
    exec(by_keys_sql);
}

bool connection::alive() const {
  return raw_ && PQstatus(raw_.get()) == CONNECTION_OK;
}

bool connection::still_there() {
  while (alive()) {
    pollfd watched{PQsocket(raw_.get()), POLLIN, 0};
    if (poll(&watched, 1, 0) <= 0)
      return true;
    // The server's farewell comes first, the end of the connection behind it.
    if (PQconsumeInput(raw_.get()) != 1)
      close();
  }
  return false;
}

void connection::close() {
  raw_.reset();
  prepared_.clear();
}

int connection::backend_pid() const {
  return raw_ ? PQbackendPID(raw_.get()) : 0;
}

void connection::lose(const std::string& why) {
  std::string text = "connection lost: " + why;
  if (raw_)
    if (auto detail = one_line(PQerrorMessage(raw_.get())); !detail.empty())
      text += ": " + detail;
  close();
  throw error(store_failure::lost, text);
}

error connection::failure(const pg_result* raw) {
  const auto sqlstate = field(raw, PG_DIAG_SQLSTATE);
  if (sqlstate.empty())
    lose(one_line(PQresultErrorMessage(raw)));
  const auto severity = field(raw, PG_DIAG_SEVERITY_NONLOCALIZED);
  auto kind = classify(sqlstate);
  if (severity == "FATAL" || severity == "PANIC")
    kind = store_failure::lost;
  error e(kind, describe(raw, sqlstate), sqlstate);
  if (kind == store_failure::lost) {
    close();
    throw error(e);
  }
  return e;
}

void connection::wait(bool writing, clock::time_point deadline) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now());
  if (left.count() <= 0)
    lose("no answer in time");
  pollfd watched{PQsocket(raw_.get()), static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN), 0};
  if (poll(&watched, 1, static_cast<int>(left.count()) + 1) < 0 && errno != EINTR)
    lose("poll failed");
  // Also while writing: a server that cannot send its answers stops reading.
  if ((watched.revents & (POLLIN | POLLHUP | POLLERR)) != 0 && PQconsumeInput(raw_.get()) != 1)
    lose("cannot read");
}

void connection::flush(clock::time_point deadline) {
  for (;;) {
    const int state = PQflush(raw_.get());
    if (state == 0)
      return;
    if (state < 0)
      lose("cannot write");
    wait(true, deadline);
  }
}

pg_result* connection::next(clock::time_point deadline) {
  while (PQisBusy(raw_.get()) != 0)
    wait(false, deadline);
  return PQgetResult(raw_.get());
}

void connection::send(const statement& what, bool& prepares) {
  auto [known, fresh] = prepared_.try_emplace(what.sql);
  prepares = fresh;
  if (fresh) {
    known->second = std::to_string(++named_);
    const std::string sql(what.sql);
    if (PQsendPrepare(raw_.get(), known->second.c_str(), sql.c_str(), 0, nullptr) != 1)
      lose("cannot send");
  }
  std::vector<const char*> values;
  values.reserve(what.params.size());
  for (const auto& each : what.params)
    values.push_back(each.c_str());
  if (PQsendQueryPrepared(raw_.get(), known->second.c_str(), static_cast<int>(values.size()),
                          values.data(), nullptr, nullptr, 0)
      != 1)
    lose("cannot send");
}

result connection::exec(const statement& what) {
  return std::move(pipeline({&what, 1}).front());
}

std::vector<result> connection::pipeline(std::span<const statement> all) {
  return run(all, 0);
}

std::vector<result> connection::write(std::span<const statement> all) {
  return run(all, all.size() / 2);
}

/// `half`: how much of it is at the server at the fail point; 0: it has none.
std::vector<result> connection::run(std::span<const statement> all, std::size_t half) {
  if (!alive())
    lose("not connected");
  const auto deadline = clock::now() + options_.answer_timeout;
  std::vector<std::string_view> expected; // one an answer: the text that it prepares, or nothing
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0 && i == half && fail_points_armed()) {
      flush(deadline); // the server has that much of it
      fail_point("batch.half_sent");
    }
    bool prepares = false;
    send(all[i], prepares);
    if (prepares)
      expected.push_back(all[i].sql);
    expected.emplace_back();
  }
  if (PQpipelineSync(raw_.get()) != 1)
    lose("cannot send");
  flush(deadline);

  std::vector<result> results;
  std::exception_ptr first;
  for (auto prepares : expected) {
    auto answer = read_answer(deadline, first);
    if (prepares.empty()) {
      results.push_back(std::move(answer));
      continue;
    }
    if (PQresultStatus(answer.raw_.get()) != PGRES_COMMAND_OK)
      prepared_.erase(prepares);
  }
  read_sync(deadline, first);
  if (first)
    std::rethrow_exception(first);
  return results;
}

/// The next statement's result; the first error of the pipeline goes into `first`.
result connection::read_answer(clock::time_point deadline, std::exception_ptr& first) {
  result answer(next(deadline));
  if (!answer.raw_)
    lose("no result");
  if (PQresultStatus(answer.raw_.get()) == PGRES_FATAL_ERROR && !first)
    first = std::make_exception_ptr(failure(answer.raw_.get()));
  while (auto* more = next(deadline)) // a null ends each answer
    PQclear(more);
  return answer;
}

/// The transaction ends here: an error of the commit itself comes before the sync's own result.
void connection::read_sync(clock::time_point deadline, std::exception_ptr& first) {
  for (;;) {
    const result sync(next(deadline));
    if (!alive())
      lose("no commit");
    const auto status = sync.raw_ ? PQresultStatus(sync.raw_.get()) : PGRES_EMPTY_QUERY;
    if (status == PGRES_PIPELINE_SYNC)
      return;
    if (status == PGRES_FATAL_ERROR && !first)
      first = std::make_exception_ptr(failure(sync.raw_.get()));
    if (clock::now() > deadline)
      lose("no answer in time");
  }
}

void connection::script(const std::string& sql) {
  if (!alive())
    lose("not connected");
  if (PQexitPipelineMode(raw_.get()) != 1)
    lose("cannot leave pipeline mode");
  PQsetnonblocking(raw_.get(), 0);
  const result answer(PQexec(raw_.get(), sql.c_str()));
  std::exception_ptr failed;
  const auto status = PQresultStatus(answer.raw_.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
    failed = std::make_exception_ptr(failure(answer.raw_.get()));
  if (PQsetnonblocking(raw_.get(), 1) != 0 || PQenterPipelineMode(raw_.get()) != 1)
    lose("cannot enter pipeline mode");
  if (failed)
    std::rethrow_exception(failed);
}

transaction::transaction(connection& on) : on_(on) {
  on_.exec("begin");
}

transaction::~transaction() {
  if (!open_ || !on_.alive())
    return;
  try {
    on_.exec("rollback");
  } catch (const error&) {
    on_.close(); // whatever is left of it must not be written by a later statement
  }
}

void transaction::commit() {
  open_ = false;
  on_.exec("commit");
}

connection& lazy_connection::get() {
  if (!up_ || !up_->alive())
    up_.emplace(conninfo_, options_);
  return *up_;
}

} // namespace troupe::pg
