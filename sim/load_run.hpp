#pragma once
// One run of a scenario against a running Troupe: sets up its own products, plays customers and
// operators, and has everything checked at the end. Single-threaded: `run` is the whole loop.

#include "sim/customer.hpp"
#include "sim/final_check.hpp"
#include "sim/scene.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe::sim {

struct load_options {
  scenario plan;
  std::vector<std::string> urls; ///< http://host:port of each node's gateway
  std::string admin_token;
  uint64_t seed = 1;
};

/// What goes on beside the load; each is called on its thread, must not block, and may be empty.
struct load_hooks {
  std::function<void(const recorder&)> on_tick; ///< ten times a second while customers are there
  std::function<bool()> may_end; ///< asked once the duration is over; false: the load goes on
  std::function<void()> on_end;  ///< nobody comes any more; also more than once
};

/// The server cannot be used: not reached, or the run's products are refused.
struct setup_failed : std::runtime_error {
  using runtime_error::runtime_error;
};

struct load_result {
  std::vector<violation> violations;  ///< at most ledger::most_violations
  size_t count = 0;                   ///< of all
  std::vector<std::string> histories; ///< of the orders in them, the first ones
  size_t users = 0, orders = 0;
  std::vector<node_record> nodes;
  int64_t turned_away = 0;  ///< customers for whom this process had no room
  bool interrupted = false; ///< by SIGINT or SIGTERM, which must be blocked in all threads
};

class load_run final : load_loop::listener {
public:
  /// Raises this process's limit of open files to what is allowed.
  explicit load_run(load_options options);
  ~load_run() override;

  /// Throws `setup_failed`.
  load_result run(const load_hooks& hooks);
  /// What was measured; only after the set-up has succeeded.
  recorder& record() { return *record_; }
  const std::string& name() const { return scene_.run; }

private:
  void on_ready(int fd, uint32_t events) override;
  task<> set_up();
  task<> make_product(int64_t number);
  task<> await_first_probes();
  task<> await_catalogue(size_t node);
  task<> arrive_openly();
  task<> take_down();
  task<> tell_histories(load_result& into);
  void play();
  void tick();
  void end_load();
  double rate_at(double seconds) const;

  load_options options_;
  scene scene_;
  popularity taste_;
  std::optional<recorder> record_;
  load_hooks hooks_;
  load_loop::time_point load_end_;
  http::fd signals_;
  load_loop::timer next_tick_;
  std::map<std::string, product_count> before_;
  int64_t turned_away_ = 0;
  bool interrupted_ = false;
};

} // namespace troupe::sim
