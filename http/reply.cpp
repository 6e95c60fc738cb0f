#include "http/reply.hpp"

#include "http/problem.hpp"
#include "telemetry/log.hpp"

#include <exception>

namespace troupe::http {

namespace {

/// Gathers the pieces, and hands on the whole answer.
class gathering_sink final : public reply_stream::sink {
public:
  gathering_sink(std::function<void(response)> take, response head)
      : take_(std::move(take)), gathered_(std::move(head)) {
    gathered_.body.clear();
  }

  bool write(std::string piece) override {
    gathered_.body.append(piece);
    return true;
  }
  void end() override { take_(std::move(gathered_)); }
  size_t unsent() const noexcept override { return 0; }
  bool open() const noexcept override { return true; }

private:
  std::function<void(response)> take_;
  response gathered_;
};

class function_sink final : public reply::sink {
public:
  function_sink(std::function<void(response)> take, std::string instance)
      : take_(std::move(take)), instance_(std::move(instance)) {}

  void send(response answer) override { take_(std::move(answer)); }
  reply_stream stream(response head) override {
    return reply_stream(std::make_unique<gathering_sink>(std::move(take_), std::move(head)));
  }
  void abort() override {
    take_(to_response({.status = 500, .code = "internal_error"}, instance_));
  }
  bool client_gone() const noexcept override { return false; }
  std::string instance() const override { return instance_; }

private:
  std::function<void(response)> take_;
  std::string instance_;
};

} // namespace

reply reply::to_function(std::function<void(response)> take, std::string instance) {
  return reply(std::make_unique<function_sink>(std::move(take), std::move(instance)));
}

reply& reply::operator=(reply&& other) noexcept {
  if (this != &other) {
    drop();
    to_ = std::move(other.to_);
  }
  return *this;
}

reply::~reply() {
  drop();
}

void reply::send(response answer) {
  if (!to_) {
    log::error("http.answered_twice", {{"status", answer.status}});
    return;
  }
  // Taken first: the answer may come back to whoever owns this reply.
  const auto to = std::move(to_);
  to->send(std::move(answer));
}

reply_stream reply::stream(response head) {
  if (!to_) {
    log::error("http.answered_twice", {{"status", head.status}});
    return {};
  }
  const auto to = std::move(to_);
  return to->stream(std::move(head));
}

void reply::abort() {
  if (!to_)
    return;
  const auto to = std::move(to_);
  to->abort();
}

void reply::drop() noexcept {
  if (!to_)
    return;
  try {
    const auto to = std::move(to_);
    to->send(to_response({.status = 500, .code = "internal_error"}, to->instance()));
  } catch (const std::exception& e) {
    // A destructor has nobody to tell; only memory can be short here.
    log::error("http.drop_failed", {{"what", e.what()}});
  }
}

} // namespace troupe::http
