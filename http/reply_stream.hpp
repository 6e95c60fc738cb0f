#pragma once
// An answer that comes in pieces for as long as its client reads. Written from any thread, by one
// at a time; no write waits. What the client has not taken is bounded: past the bound its
// connection is cut, so a slow reader costs bounded memory and holds nobody up. Dropped, it ends.
// It stays safe to use when its connection, or the whole front, is gone.

#include <cstddef>
#include <memory>
#include <string>

namespace troupe::http {

class reply_stream {
public:
  /// Bytes that may be unsent; of a single piece there may be more.
  static constexpr size_t max_unsent = 256UL * 1024;

  /// Where the pieces go. The front has one of its own.
  class sink {
  public:
    sink() = default;
    sink(const sink&) = delete;
    sink& operator=(const sink&) = delete;
    virtual ~sink() = default;
    virtual bool write(std::string piece) = 0;
    /// The last call.
    virtual void end() = 0;
    virtual size_t unsent() const noexcept = 0;
    virtual bool open() const noexcept = 0;
  };

  /// One that nobody reads.
  reply_stream() = default;
  explicit reply_stream(std::unique_ptr<sink> to) : to_(std::move(to)) {}
  reply_stream(reply_stream&&) noexcept = default;
  reply_stream& operator=(reply_stream&& other) noexcept;
  reply_stream(const reply_stream&) = delete;
  reply_stream& operator=(const reply_stream&) = delete;
  ~reply_stream();

  /// Sends a piece after the ones before. False: nobody takes any more, because the client is gone
  /// or was cut off (by this piece, when it would pass `max_unsent`), or the server drains.
  bool write(std::string piece);

  /// Ends the answer as its protocol does, so that the client knows it for whole.
  void end() noexcept;

  /// Bytes written that the client's socket has not taken.
  size_t unsent() const noexcept { return to_ ? to_->unsent() : 0; }

  /// False once nobody takes any more; a client that closes its sending half counts as gone.
  bool open() const noexcept { return to_ && to_->open(); }

private:
  std::unique_ptr<sink> to_;
};

} // namespace troupe::http
