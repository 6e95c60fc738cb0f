#include "tests/support/pg_fixture.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace troupe::test {

std::string test_server() {
  const char* conninfo = std::getenv("TROUPE_TEST_PG");
  if (!conninfo) {
    std::fputs("TROUPE_TEST_PG is not set: a libpq connection string of a superuser\n", stderr);
    std::exit(2);
  }
  return conninfo;
}

namespace {

std::string unique_name() {
  static const auto run = std::random_device{}();
  static std::atomic<int> number{0};
  return "troupe_test_" + std::to_string(run) + "_" + std::to_string(++number);
}

} // namespace

pg_database::pg_database(std::optional<database> which)
    : name_(unique_name()), conninfo_(test_server() + " dbname=" + name_), session_(conninfo_) {
  pg::connection(test_server()).script("create database " + name_);
  if (which)
    migrate(*which, conninfo_);
}

pg_database::~pg_database() {
  try {
    pg::connection(test_server()).script("drop database " + name_ + " with (force)");
  } catch (const store_error& e) {
    std::fprintf(stderr, "cannot drop %s: %s\n", name_.c_str(), e.what());
  }
}

pg::connection& pg_database::session() {
  return session_.get();
}

std::string pg_database::value(std::string_view sql, std::vector<pg::param> params) {
  auto rows = session().exec(sql, std::move(params));
  return rows.rows() > 0 ? rows.text(0, 0) : "";
}

int64_t pg_database::number(std::string_view sql, std::vector<pg::param> params) {
  auto rows = session().exec(sql, std::move(params));
  return rows.rows() > 0 ? rows.integer(0, 0) : 0;
}

int pg_database::terminate_others() {
  return session()
      .exec("select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()")
      .rows();
}

} // namespace troupe::test
