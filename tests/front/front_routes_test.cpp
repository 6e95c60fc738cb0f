// What requests and answers look like to a client: routes, errors, HEAD, CORS, Host, files.

#include "served.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

using namespace troupe::http;
using namespace troupe::http::test;

TEST_CASE("a route is found, its parameters and query decoded") {
  served s;
  auto c = s.connect();
  auto a = c.ask(get("/items/a%20b?x=1%262&y=a+b"));
  REQUIRE(a);
  CHECK(a->status == 200);
  CHECK(a->body == "a b|x=1&2|y=a b");
  CHECK(a->header("X-Route") == "/items/:id");
  CHECK(a->header("X-From") == "127.0.0.1");
  CHECK(a->header("Content-Type") == "text/plain");
  CHECK(a->header("Date").size() == 29);
  CHECK(a->header("Connection").empty());

  CHECK(c.ask(get("/items/" + std::string(128, 'x')))->status == 200);
  CHECK(c.ask(get("/items/" + std::string(129, 'x')))->status == 404);
  CHECK(c.ask(get("/items/"))->status == 404);
  CHECK(c.ask(get("/items/a%2fb"))->status == 404);
  CHECK(c.ask(get("/items%2F7"))->status == 404);
  CHECK(c.ask(get("/items/a/"))->status == 404);
  CHECK(c.ask(get("http://localhost/ping"))->status == 200);
}

TEST_CASE("an unknown path is a 404 problem") {
  served s;
  auto c = s.connect();
  const auto a = c.ask(get("/nowhere?x=1"));
  REQUIRE(a);
  CHECK(a->status == 404);
  CHECK(a->header("Content-Type") == "application/problem+json");
  const auto body = nlohmann::json::parse(a->body);
  CHECK(body["status"] == 404);
  CHECK(body["title"] == "Not Found");
  CHECK(body["error"] == "Not Found");
  CHECK(body["code"] == "not_found");
  CHECK(body["instance"] == "/nowhere");
  CHECK(c.ask(get("/ping"))->status == 200); // the connection is kept
}

TEST_CASE("another method is 405 with Allow, an unknown one 501") {
  served s;
  auto c = s.connect();
  const auto a = c.ask(with_body("POST", "/items/7", "x"));
  REQUIRE(a);
  CHECK(a->status == 405);
  CHECK(a->code() == "method_not_allowed");
  CHECK(a->header("Allow") == "GET, HEAD, PUT, OPTIONS");
  CHECK(c.ask("TRACE /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")->status == 405);
  CHECK(c.ask("BREW /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")->status == 501);
  CHECK(c.ask("CONNECT a:1 HTTP/1.1\r\nHost: localhost\r\n\r\n")->status == 501);
}

TEST_CASE("HEAD is GET without the body") {
  served s;
  auto c = s.connect();
  REQUIRE(c.send("HEAD /ping HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/ping")));
  const auto head = c.receive(5s, true);
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->header("Content-Length") == "6");
  const auto whole = c.receive();
  REQUIRE(whole);
  CHECK(whole->body == "\"pong\"");
  REQUIRE(c.send("HEAD /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/ping")));
  CHECK(c.receive(5s, true)->status == 404);
  CHECK(c.receive()->body == "\"pong\"");
}

TEST_CASE("a dropped reply and a throwing handler answer 500 without internals") {
  served s;
  auto c = s.connect();
  for (const auto* path : {"/drop", "/throw"}) {
    const auto a = c.ask(get(path));
    REQUIRE(a);
    CHECK(a->status == 500);
    CHECK(a->code() == "internal_error");
    CHECK(a->body.find("secret") == std::string::npos);
  }
  CHECK(c.ask(get("/ping"))->status == 200);
}

TEST_CASE("a header value cannot write headers of its own") {
  served s;
  auto c = s.connect();
  REQUIRE(c.send(get("/held")));
  s.held.take(1).at(0).send({.headers = {{"Location", "/a\r\nSet-Cookie: x"},
                                         {"Bad Name", "x"},
                                         {"content-length", "999"},
                                         {"Connection", "close"}},
                             .body = "1"});
  const auto a = c.receive();
  REQUIRE(a);
  CHECK(a->header("Location") == "/a  Set-Cookie: x");
  CHECK(a->header("Set-Cookie").empty());
  CHECK(a->header("Bad Name").empty());
  CHECK(a->body == "1");
  CHECK(c.ask(get("/ping"))->status == 200);
}

TEST_CASE("204 and 304 have no body and no length") {
  served s;
  auto c = s.connect();
  for (const int status : {204, 304}) {
    REQUIRE(c.send(get("/held")));
    s.held.take(1).at(0).send({.status = status, .headers = {{"ETag", "\"1\""}}, .body = "no"});
    const auto a = c.receive();
    REQUIRE(a);
    CHECK(a->status == status);
    CHECK(a->header("ETag") == "\"1\"");
    CHECK(a->header("Content-Length").empty());
  }
  CHECK(c.ask(get("/ping"))->body == "\"pong\"");
}

TEST_CASE("a preflight is answered by the front, origins are told apart") {
  served s;
  auto c = s.connect();
  const auto preflight = [&](std::string_view path, std::string_view origin) {
    std::string all = "OPTIONS ";
    all.append(path).append(" HTTP/1.1\r\nHost: localhost\r\nOrigin: ").append(origin);
    return c.ask(all + "\r\nAccess-Control-Request-Method: PUT\r\n\r\n");
  };
  const auto good = preflight("/items/7", "http://localhost:5173");
  REQUIRE(good);
  CHECK(good->status == 204);
  CHECK(good->header("Access-Control-Allow-Origin") == "http://localhost:5173");
  CHECK(good->header("Access-Control-Allow-Methods") == "GET, HEAD, PUT, OPTIONS");
  CHECK(good->header("Access-Control-Allow-Headers")
        == "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
           "Last-Event-ID, Prefer, X-User-Id, traceparent");
  CHECK(good->header("Vary") == "Origin");
  CHECK(preflight("/items/7", "http://127.0.0.1")->header("Access-Control-Allow-Origin")
        == "http://127.0.0.1");
  for (const auto* bad : {"http://localhost.evil.org", "http://localhost:80x", "null",
                          "https://localhost", "http://localhost:", "http://evil.org"}) {
    const auto refused = preflight("/items/7", bad);
    REQUIRE(refused);
    CHECK(refused->header("Access-Control-Allow-Origin").empty());
    CHECK(refused->header("Access-Control-Allow-Methods").empty());
  }
  const auto answered = c.ask(get("/ping", "Origin: http://localhost:3000\r\n"));
  CHECK(answered->header("Access-Control-Allow-Origin") == "http://localhost:3000");
  CHECK(answered->header("Access-Control-Expose-Headers")
        == "ETag, Link, Location, X-Total-Count, Idempotent-Replayed, Retry-After, "
           "Preference-Applied");
  // Errors too, or a page could not read why.
  CHECK(c.ask(get("/nowhere", "Origin: http://localhost:3000\r\n"))
            ->header("Access-Control-Allow-Origin")
        == "http://localhost:3000");
  CHECK(c.ask(get("/ping"))->header("Vary") == "Origin");
}

TEST_CASE("plain OPTIONS tells what is allowed") {
  served s;
  auto c = s.connect();
  const auto a = c.ask("OPTIONS /ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(a->status == 204);
  CHECK(a->header("Allow") == "GET, HEAD, OPTIONS");
  CHECK(c.ask("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")->status == 204);
  CHECK(c.ask("OPTIONS /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n")->status == 404);
}

TEST_CASE("a Host that is neither loopback nor configured is 421") {
  served s({.hosts = {"shop.example"}});
  const auto status = [&](std::string_view host) {
    std::string all = "GET /ping HTTP/1.1\r\nHost: ";
    return s.connect().ask(all.append(host).append("\r\n\r\n"))->status;
  };
  for (const auto* good : {"localhost", "LocalHost:3001", "127.0.0.1", "127.9.9.9:1", "[::1]:80",
                           "shop.example", "Shop.Example:443"})
    CHECK(status(good) == 200);
  for (const auto* bad : {"evil.org", "localhost.evil.org", "10.0.0.1", "127.0.0.1.evil.org",
                          "[::2]", "localhost:x", "[::1", "shop.example.org"})
    CHECK(status(bad) == 421);
  CHECK(s.connect().ask("GET http://evil.org/ping HTTP/1.1\r\nHost: localhost\r\n\r\n")->status
        == 421);
  CHECK(s.connect().ask("GET /ping HTTP/1.0\r\n\r\n")->status == 200);

  served open({.check_host = false});
  CHECK(open.connect().ask("GET /ping HTTP/1.1\r\nHost: evil.org\r\n\r\n")->status == 200);
}

TEST_CASE("mounted files are served behind the routes, and nothing outside") {
  const auto base
      = std::filesystem::temp_directory_path() / ("troupe-front-" + std::to_string(::getpid()));
  std::filesystem::create_directories(base / "pages");
  std::ofstream(base / "pages" / "index.html") << "<p>hello</p>";
  std::ofstream(base / "pages" / "ping") << "shadowed";
  std::ofstream(base / "secret") << "secret";

  front f({});
  f.get("/ping", [](const request&, reply r) { r.send({.body = "route"}); });
  f.mount("/", (base / "pages").string());
  CHECK_THROWS_AS(f.mount("/x", (base / "absent").string()), std::invalid_argument);
  f.start();
  client c(f.port());
  const auto page = c.ask(get("/"));
  REQUIRE(page);
  CHECK(page->status == 200);
  CHECK(page->header("Content-Type") == "text/html");
  CHECK(page->body == "<p>hello</p>");
  CHECK(c.ask(get("/ping"))->body == "route");
  CHECK(c.ask(get("/../secret"))->status == 404);
  CHECK(c.ask(get("/%2e%2e/secret"))->status == 404);
  CHECK(c.ask(get("/..%2fsecret"))->status == 404);
  CHECK(c.ask(get("/absent"))->code() == "not_found");
  const auto part = c.ask(get("/index.html", "Range: bytes=3-7\r\n"));
  CHECK(part->status == 206);
  CHECK(part->body == "hello");
  CHECK(c.ask(get("/index.html", "Range: bytes=900-\r\n"))->status == 416);
  CHECK(c.ask(get("/ping", "Range: nonsense\r\n"))->body == "route");
  REQUIRE(c.send("HEAD /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  CHECK(c.receive(5s, true)->header("Content-Length") == "12");
  CHECK(c.ask(get("/ping"))->body == "route");
  std::filesystem::remove_all(base);
}

TEST_CASE("every answer is told to the access hook") {
  served s;
  auto c = s.connect();
  c.ask(get("/items/7"));
  c.ask(get("/nowhere"));
  c.ask("nonsense\r\n\r\n");
  const auto seen = s.accesses();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].route == "/items/:id");
  CHECK(seen[0].method == "GET");
  CHECK(seen[0].status == 200);
  CHECK(seen[1].route.empty());
  CHECK(seen[1].status == 404);
  CHECK(seen[2].method.empty());
  CHECK(seen[2].status == 400);
}

TEST_CASE("a port that is taken is told by its address") {
  front one({});
  CHECK_THROWS_WITH_AS(front({.port = one.port()}), doctest::Contains("127.0.0.1 port"),
                       std::system_error);
  CHECK_THROWS_AS(front({.bind = "nonsense"}), std::system_error);
}
