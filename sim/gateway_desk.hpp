#pragma once
// What the payment gateway simulator answers: one request and the books in, one answer out.
// Blocking (the books are); no threads, sockets or clocks of its own. One desk a thread.
// Source: docs/payment-gateway.md.

#include "http/message.hpp"
#include "persistence/gateway_ledger.hpp"

#include <functional>
#include <memory>
#include <string>

namespace troupe::sim {

/// How an answer leaves: a card may ask for none.
enum class delivery {
  answer,    ///< `response`, after the latency
  silence,   ///< none: the client waits until it gives up
  break_off, ///< none: the connection breaks
};

struct desk_answer {
  http::response response;
  delivery how = delivery::answer;
  std::string outcome; ///< for metrics and logs: a status word of the books or an error's code
};

class gateway_desk {
public:
  /// `transaction_ids`: fresh and unique over restarts.
  gateway_desk(std::unique_ptr<gateway_ledger> books, std::function<std::string()> transaction_ids);

  /// Serves the route that `what` was matched to. Never throws: a failure of the books is a 503.
  desk_answer serve(const http::request& what);

private:
  desk_answer charge(const http::request& what);
  desk_answer void_charge(const http::request& what);
  desk_answer refund(const http::request& what);
  desk_answer one(const http::request& what, const char* kind);
  desk_answer of_order(const http::request& what);
  desk_answer health();

  std::unique_ptr<gateway_ledger> books_;
  std::function<std::string()> transaction_ids_;
};

/// What a card does; spaces and dashes in it do not count.
enum class card_kind { approved, declined, silent, breaks };
card_kind kind_of_card(const std::string& card);
/// The last four digits of a card of 8 digits or more, else nothing.
std::string last_four(const std::string& card);

} // namespace troupe::sim
