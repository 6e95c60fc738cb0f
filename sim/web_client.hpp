#pragma once
// HTTP as thousands of browsers speak it: libcurl's multi interface on the event loop. A session is
// one customer: it has connections of its own, keeps them alive, and uses a second one only while
// the first is busy (a double click, a stream). Of several nodes its connections go to one, until
// that leaves the balancer's set.
//
//   web_session browser(client);
//   auto answer = co_await browser.send({.target = "/products"});
//
// A request begins when it is sent, not when it is awaited. Nothing here follows redirects or tries
// again, but for one thing: a request that was refused a connection, and so has reached nobody,
// goes to another node once. For the loop's thread only.

#include "sim/balancer.hpp"
#include "sim/event_reader.hpp"
#include "sim/load_loop.hpp"

#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::sim {

struct web_request {
  std::string method = "GET";
  std::string target;               ///< path and query
  std::vector<std::string> headers; ///< "Name: value"
  std::string body;                 ///< JSON; empty: none
  std::chrono::milliseconds limit{20'000};
};

enum class ending : uint8_t { answered, broken, timed_out };

struct web_answer {
  ending how = ending::broken;
  std::string error; ///< why there is no whole answer
  int status = 0;    ///< 0: no whole answer
  std::string etag;
  std::string link;
  bool replayed = false; ///< Idempotent-Replayed
  std::string body;
};

class web_session;

class web_client {
public:
  /// `urls`: http://host:port of each node's gateway. Throws `std::runtime_error` when libcurl
  /// cannot start.
  web_client(load_loop& loop, const std::vector<std::string>& urls);
  ~web_client(); ///< all sessions must be gone
  web_client(const web_client&) = delete;
  web_client& operator=(const web_client&) = delete;

  load_loop& loop() const;
  balancer& nodes() const;

private:
  friend class web_session;
  friend class web_exchange;
  friend class web_stream;
  struct impl;
  struct transfer;
  struct browser;
  struct transfer_end {
    void operator()(transfer* t) const;
  };
  using transfer_ptr = std::unique_ptr<transfer, transfer_end>;
  static transfer_ptr start(browser& by, web_request what, bool streams);
  std::unique_ptr<impl> impl_;
};

/// A request under way; awaited once. Breaks it off when it is left before its end.
class web_exchange {
public:
  explicit web_exchange(web_client::transfer_ptr of);
  web_exchange(web_exchange&&) noexcept = default;
  web_exchange& operator=(web_exchange&&) noexcept = default;
  ~web_exchange();

  bool await_ready() const noexcept;
  void await_suspend(std::coroutine_handle<> who) noexcept;
  web_answer await_resume();
  /// Instead of awaiting it: called once it is over. It must not leave the exchange.
  void on_end(std::function<void(const web_answer&)> then);

private:
  web_client::transfer_ptr transfer_;
};

/// An event stream that is being followed; leaving it ends it.
class web_stream {
public:
  explicit web_stream(web_client::transfer_ptr of);
  web_stream(web_stream&&) noexcept = default;
  web_stream& operator=(web_stream&&) noexcept = default;
  ~web_stream();

  struct [[nodiscard]] turn {
    web_client::transfer& of;
    load_loop::time_point until;
    bool only_head;
    bool await_ready() const;
    void await_suspend(std::coroutine_handle<> who);
    std::optional<stream_event> await_resume();
  };
  /// Until its head has come, it has ended, `until` has come, or all were woken; gives nothing.
  turn head(load_loop::time_point until) { return {*transfer_, until, true}; }
  /// The next event; nothing: it has ended, `until` has come, or all were woken.
  turn next(load_loop::time_point until) { return {*transfer_, until, false}; }

  int status() const;  ///< of its head; 0: not come yet
  bool ended() const;  ///< by the server, or broken
  bool broken() const; ///< not by the server's last chunk

private:
  web_client::transfer_ptr transfer_;
};

class web_session {
public:
  explicit web_session(web_client& client);
  /// With this node only, in the set or not; the balancer does not count what it sends.
  web_session(web_client& client, size_t node);
  web_session(web_session&&) noexcept;
  ~web_session(); ///< all its exchanges and streams must be gone

  web_exchange send(web_request what);
  web_stream follow(web_request what);

private:
  std::unique_ptr<web_client::browser> browser_;
};

} // namespace troupe::sim
