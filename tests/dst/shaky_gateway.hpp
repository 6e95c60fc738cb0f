#pragma once
// The payment gateway over a bad network: calls arrive late or never, answers get lost.

#include "outside/payment_gateway.hpp"

namespace troupe::dst {

class world;

class shaky_gateway : public payment_gateway {
public:
  explicit shaky_gateway(world& in) : in_(in) {}

  void charge(charge_request what, charged then) override;
  void void_charge(const std::string& key, charged then) override;
  void refund(const std::string& key, const std::string& charge_key, cents amount,
              refunded then) override;
  bool reachable() const override { return true; }

private:
  world& in_;
};

} // namespace troupe::dst
