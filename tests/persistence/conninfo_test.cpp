// What is said about connection strings, which hold passwords.

#include "persistence/conninfo.hpp"

#include "persistence/pg.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe;

namespace {

std::string said_of(const std::string& conninfo) {
  try {
    pg::connection{conninfo};
  } catch (const pg::error& e) {
    return e.what();
  }
  return {};
}

} // namespace

TEST_CASE("usable connection strings have no mistake") {
  for (const std::string good :
       {"", "dbname=d", "host=h port=5432 user=u password='it\\'s' dbname=d", "host=a,b port=1,2",
        "postgresql://u:p%40ss@h:5432/d?sslmode=disable", "postgres://h/d",
        "host=db.example user=me@tenant password=x", "service=shop"}) {
    CAPTURE(good);
    CHECK(pg::mistake_in_conninfo(good).empty());
  }
}

TEST_CASE("a malformed connection string is never quoted") {
  for (const std::string bad :
       {"hunter2", "host=h password=hun ter2", "host=h password='hunter2", "host=h hunter2=x",
        "postgresql://u:hun@ter2@h/d", "postgresql://u:hun/ter2@h/d", "postgresql://u:1/ter2@h/d",
        "postgresql://u:hun%ter2@h/d", "postgresql://u:x@h:hunter2/d",
        "postgresql://u:x@h/d?hunter2=1", "postgresql://u:x@h/d?hunter2", "host=h port=hunter2"}) {
    CAPTURE(bad);
    const auto mistake = pg::mistake_in_conninfo(bad);
    CHECK(mistake.starts_with("the connection string"));
    CHECK(mistake.find("ter2") == std::string::npos);
    CHECK(said_of(bad) == mistake);
  }
}

TEST_CASE("a failed connection does not tell the password") {
  const auto said = said_of("host=127.0.0.1 port=1 dbname=d user=u password=hunter2");
  CHECK(said.starts_with("cannot connect: "));
  CHECK(said.find("hunter2") == std::string::npos);
  CHECK(pg::without_secrets("the hunter2 and hunter2", "password=hunter2") == "the *** and ***");
  CHECK(pg::without_secrets("nothing", "password=''") == "nothing");
  CHECK(pg::without_secrets("a hunter2", "sslpassword=hunter2") == "a ***");
}
