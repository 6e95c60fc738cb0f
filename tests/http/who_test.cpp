#include "http/who.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace troupe::http;

TEST_CASE("the user is in the header, else the body, else the query, else configured") {
  CHECK(choose_user("h", "b", "q", "d") == "h");
  CHECK(choose_user("", "b", "q", "d") == "b");
  CHECK(choose_user("", "", "q", "d") == "q");
  CHECK(choose_user("  ", "", "", "d") == "d");
  CHECK(choose_user(" h ", "", "", "d") == "h");
  CHECK_FALSE(choose_user("", "", "", ""));
}

TEST_CASE("a malformed user id is refused, not passed over") {
  const std::string too_long(65, 'a');
  for (std::string bad : {"a b", "a,b", "ä", "a/b", too_long.c_str(), "'--"}) {
    CAPTURE(bad);
    CHECK_FALSE(choose_user(bad, "b", "q", "d"));
    CHECK_FALSE(choose_user("", "", bad, "d"));
    CHECK_FALSE(choose_user("h", bad, "q", "d"));
    CHECK_FALSE(choose_user("h", "b", bad, "d"));
  }
  CHECK(choose_user(std::string(64, 'a'), "", "", ""));
}

TEST_CASE("admin") {
  CHECK(is_admin("", ""));
  CHECK(is_admin("Bearer secret", "secret"));
  CHECK(is_admin("bearer   secret ", "secret"));
  for (auto bad : {"", "Bearer", "Bearer ", "Bearer secre", "Bearer secret2", "Basic secret",
                   "secret", "Bearersecret", "Bearer Secret"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_admin(bad, "secret"));
  }
}

TEST_CASE("If-None-Match") {
  const auto tag = etag_of(7);
  CHECK(tag == "\"7\"");
  for (auto hit :
       {"\"7\"", "W/\"7\"", "*", " * ", "\"6\", \"7\"", "\"6\",W/\"7\" ", "\"a,b\",\"7\""}) {
    CAPTURE(hit);
    CHECK(none_match_holds(hit, tag));
  }
  for (auto miss :
       {"", "\"6\"", "7", "\"7", "\"6\" \"7\"", "w/\"7\"", "\"7\", x", "\"77\"", ",", "*, \"6\""}) {
    CAPTURE(miss);
    CHECK_FALSE(none_match_holds(miss, tag));
  }
}

TEST_CASE("idempotency keys") {
  for (std::string good : {"a", "~!", "0b7e-1"})
    CHECK(valid_idempotency_key(good));
  CHECK(valid_idempotency_key(std::string(255, 'x')));
  for (std::string bad : {"", " ", "a b", "a\t", "ä", "\x7f"})
    CHECK_FALSE(valid_idempotency_key(bad));
  CHECK_FALSE(valid_idempotency_key(std::string(256, 'x')));
}

TEST_CASE("a key's scope and a body's digest tell neither the key nor, without it, the body") {
  CHECK(idempotency_scope("u", "POST", "/orders", "k") == "u POST /orders " + sha256_hex("k"));
  CHECK(idempotency_digest("k", "{}") == sha256_hex("k\n{}"));
  CHECK(idempotency_digest("k", "{}") != idempotency_digest("l", "{}"));
  CHECK(idempotency_digest("k", "") != idempotency_digest("k", "\n"));
}

TEST_CASE("digests") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a valid trace context is passed on, any other replaced by a fresh one") {
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  const std::string valid = "00-" + trace + "-b7ad6b7169203331-01";
  CHECK(traceparent_or_fresh(valid) == valid);
  CHECK(trace_id(valid) == trace);
  CHECK(traceparent_or_fresh("cc" + valid.substr(2) + "-what") == valid);
  const std::string zeros(32, '0');
  for (std::string bad :
       {std::string(), std::string("x"), valid.substr(1), valid + "0", valid + "-more",
        "ff" + valid.substr(2), "00-" + zeros + "-b7ad6b7169203331-01",
        "00-" + trace + "-0000000000000000-01", "00-" + trace + "-B7AD6B7169203331-01",
        "00_" + trace + "-b7ad6b7169203331-01"}) {
    CAPTURE(bad);
    const auto fresh = traceparent_or_fresh(bad);
    CHECK(valid_traceparent(fresh));
    CHECK(fresh != traceparent_or_fresh(bad));
  }
}
