#pragma once
// What a simulation plays: who comes, how often, and what they do. docs/simulation.md says what
// each key means; app/simulation_settings.cpp reads them from TOML.

#include "sim/toml_file.hpp"

#include <chrono>
#include <cstdint>
#include <span>

namespace troupe::sim {

struct scenario {
  struct {
    int64_t customers = 0;         ///< at once, each coming again: a closed loop; 0: an open one
    int64_t rate_per_minute = 600; ///< customers who come, in an open loop
    int64_t peak_percent = 100;    ///< of the rate, halfway through: it rises to it and falls again
    int64_t ramp_s = 0;            ///< over which a closed loop's customers come
    int64_t duration_s = 60;
    int64_t settle_s = 60;       ///< for orders and notifications to come to rest, at the end
    int64_t speed_percent = 100; ///< of customers and operators: their pauses are divided by it
  } load;
  struct {
    int64_t products = 100;     ///< made for the run, taken out of the catalogue after it
    int64_t stock = 1'000'000;  ///< of each
    int64_t skew_percent = 100; ///< Zipf's exponent: how much the first are preferred; 0: not
    int64_t most_lines = 5;     ///< of an order; from 1, uniform
    int64_t most_pieces = 3;    ///< of a line
  } catalogue;
  struct {
    int64_t pages = 2;        ///< looked at before an order
    int64_t think_ms = 1000;  ///< between two steps, on average
    int64_t poll_ms = 10'000; ///< how often an order is looked at
    int64_t notifications_ms = 30'000;
    int64_t patience_s = 600;    ///< then an order is no longer followed
    int64_t decline_percent = 5; ///< first pay with a card that is declined
    int64_t timeout_percent = 1; ///< with one that times out
    int64_t break_percent = 2;   ///< with one that is charged, and the gateway's connection breaks
    int64_t double_click_percent = 5; ///< order, or pay, twice at once
    int64_t give_up_percent = 3;      ///< break a command off within 50 ms, and try again
    int64_t keyless_percent = 10;     ///< send no Idempotency-Key
    int64_t leave_percent = 5;        ///< never pay
    int64_t cancel_percent = 5;       ///< regret it
    int64_t long_poll_percent = 15;   ///< wait for a change by Prefer: wait
    int64_t stream_percent = 10;      ///< by streams
  } customers;
  struct {
    int64_t count = 2;       ///< of those who dispatch and deliver
    int64_t pause_ms = 1000; ///< between two looks
    int64_t batch = 100;     ///< orders a look
    int64_t at_once = 1;     ///< of those, dispatched or delivered at the same time
  } operators;

  /// A pause of a person, as fast as the scenario runs.
  std::chrono::milliseconds paced(int64_t ms) const {
    return std::chrono::milliseconds(ms * 100 / load.speed_percent);
  }
};

/// sim/scenarios/*.toml, which travel inside the program.
std::span<const toml_file> scenario_files();

} // namespace troupe::sim
