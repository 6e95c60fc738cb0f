#pragma once
// The right to answer one request, once, from any thread, at any later time. It may be moved to
// whoever will know the answer (in an actor message: as a shared_ptr). Dropped unanswered it
// answers 500. It stays safe to use when its connection, or the whole front, is gone: then the
// answer goes nowhere.

#include "http/message.hpp"
#include "http/reply_stream.hpp"

#include <functional>
#include <memory>
#include <string>

namespace troupe::http {

class reply {
public:
  /// Where the answer goes. The front has one of its own; one of `send`, `stream` and `abort` is
  /// called, once.
  class sink {
  public:
    sink() = default;
    sink(const sink&) = delete;
    sink& operator=(const sink&) = delete;
    virtual ~sink() = default;
    virtual void send(response answer) = 0;
    /// Instead of `send`: the answer's head now, its body in pieces.
    virtual reply_stream stream(response head) = 0;
    /// Instead of `send`: ends the client's connection without an answer.
    virtual void abort() = 0;
    virtual bool client_gone() const noexcept = 0;
    /// The request's path, for the 500 of a dropped reply.
    virtual std::string instance() const = 0;
  };

  reply() = default;
  explicit reply(std::unique_ptr<sink> to) : to_(std::move(to)) {}
  reply(reply&&) noexcept = default;
  reply& operator=(reply&& other) noexcept;
  reply(const reply&) = delete;
  reply& operator=(const reply&) = delete;
  ~reply();

  /// A reply that hands its answer to a function, on the thread that sends: for requests that the
  /// program makes of itself, and for tests of handlers without sockets. A stream's is handed over
  /// when it has ended.
  static reply to_function(std::function<void(response)> take, std::string instance = "/");

  /// Answers. A second call is logged and ignored.
  void send(response answer);

  /// Answers with `head` (its body is left out) and what is then written to the result. The request
  /// counts as answered. To a HEAD only the head goes, and nobody reads the result.
  reply_stream stream(response head);

  /// Answers nothing and breaks the connection, as a crash would: for simulating one. A reply made
  /// by `to_function` answers 500.
  void abort();

  /// True once the client has closed its connection, at least its sending half: most likely
  /// nobody reads the answer any more. Cheap; a false says nothing.
  bool client_gone() const noexcept { return to_ && to_->client_gone(); }

  /// True while it can still be answered.
  explicit operator bool() const noexcept { return to_ != nullptr; }

private:
  void drop() noexcept;

  std::unique_ptr<sink> to_;
};

} // namespace troupe::http
