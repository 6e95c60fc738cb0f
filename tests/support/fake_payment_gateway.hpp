#pragma once
// A payment gateway in memory, with the books and cards of the simulator, whose answers come only
// when a test says so: nothing is called back from inside a call, there is no thread and no clock,
// so it works on CAF's test coordinator. Not for several threads at once.
//
//   fake_payment_gateway gateway;
//   gateway.next_charges({gateway_fault::lost_before, gateway_fault::captured_then_unknown});
//   … run the actors … gateway.deliver_all(); … run the actors …

#include "outside/payment_gateway.hpp"

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace troupe::test {

/// What happens to one charge call, besides what its card says.
enum class gateway_fault : uint8_t {
  none,
  lost_before,           ///< never reaches the books: unknown
  captured_then_unknown, ///< reaches the books, its answer gets lost: unknown
  late,  ///< unknown now; reaches the books only at `arrive_late`, as a delayed request would
  silent ///< reaches nothing, and its answer waits for `release_silent`
};

class fake_payment_gateway : public payment_gateway {
public:
  struct entry {
    std::string kind;   ///< "charge", "refund"
    std::string status; ///< as in the simulator's books
    std::string order_id;
    cents amount = 0;
    std::string charge_key; ///< refund
    std::string transaction_id;
    std::string reason;
    int calls = 0;
    bool refunded = false;
  };

  void charge(charge_request what, charged then) override;
  void void_charge(const std::string& key, charged then) override;
  void refund(const std::string& key, const std::string& charge_key, cents amount,
              refunded then) override;
  bool reachable() const override { return !down_; }

  // ---- the test's side

  /// The faults of the next charge calls, one each; after them `none` again.
  void next_charges(std::deque<gateway_fault> faults);
  /// While down every call is unknown and reaches nothing.
  void set_down(bool down) { down_ = down; }
  /// While held back calls reach the books, but `deliver_all` delivers nothing.
  void hold_answers(bool hold) { hold_ = hold; }

  /// Calls back all answers that are due, also those that these calls cause; how many.
  int deliver_all();
  /// Calls back the oldest one; false when there is none.
  bool deliver_one();
  /// Requests with `gateway_fault::late` reach the books now; what they find is answered to nobody.
  void arrive_late();
  /// Answers of `gateway_fault::silent` and of the card that times out fall due, as unknown.
  void release_silent();

  size_t answers_due() const { return due_.size(); }
  size_t silent() const { return silent_.size(); }
  const std::map<std::string, entry>& books() const { return books_; }
  /// Lines of an order: captured charges, and refunds that were given.
  int captured(const std::string& order_id) const;
  int refunded_count(const std::string& order_id) const;
  /// How many calls of each kind arrived here, whatever became of them.
  int charge_calls() const { return charge_calls_; }
  int void_calls() const { return void_calls_; }
  int refund_calls() const { return refund_calls_; }

private:
  gateway_reply present(const charge_request& what);
  refund_reply give_back(const std::string& key, const std::string& charge_key, cents amount);

  std::map<std::string, entry> books_;
  std::deque<gateway_fault> faults_;
  std::deque<std::function<void()>> due_;
  std::deque<std::function<void()>> silent_;
  std::vector<charge_request> delayed_;
  bool down_ = false;
  bool hold_ = false;
  int charge_calls_ = 0, void_calls_ = 0, refund_calls_ = 0, transactions_ = 0;
};

} // namespace troupe::test
