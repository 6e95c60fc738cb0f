#include "served.hpp"

#include <fstream>
#include <stdexcept>

namespace troupe::http::test {

front_options served::watched(front_options options) {
  options.on_access = [this](const access& a) {
    const std::lock_guard lock(mutex_);
    accesses_.push_back({std::string(a.method), std::string(a.route), a.status});
  };
  options.on_cut_off = [this] { ++cut_off_; };
  return options;
}

void served::routes() {
  front_.get("/ping", [](const request&, reply r) { r.send({.body = "\"pong\""}); });
  front_.post("/echo", [](const request& asked, reply r) {
    r.send({.body = asked.body, .content_type = std::string(*asked.header("Content-Type"))});
  });
  const auto hold = [this](request asked, reply r) { held.hold(std::move(asked), std::move(r)); };
  front_.get("/held", hold);
  front_.post("/held", hold);
  front_.get("/drop", [](const request&, const reply&) {});
  front_.get("/throw",
             [](const request&, const reply&) { throw std::runtime_error("secret detail"); });
  front_.get("/big", [](const request& asked, reply r) {
    r.send({.body = std::string(std::stoul(std::string(*asked.query_param("n"))), 'x')});
  });
  const auto item = [](const request& asked, reply r) {
    std::string text(asked.path_param("id"));
    for (const auto& [name, value] : asked.query)
      text.append("|").append(name).append("=").append(value);
    r.send({.headers = {{"X-Route", asked.route}, {"X-From", asked.remote_address}},
            .body = text,
            .content_type = "text/plain"});
  };
  front_.get("/items/:id", item);
  front_.put("/items/:id", item);
}

int thread_count() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "Threads:") {
      int n = 0;
      status >> n;
      return n;
    }
  return 0;
}

} // namespace troupe::http::test
