#pragma once
// A task that runs beside the story that begins it, and is awaited by it before it ends: the second
// of two clicks.

#include "sim/load_loop.hpp"

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

namespace troupe::sim {

template <class T>
class beside {
public:
  beside(load_loop& loop, task<T> what) : state_(std::make_shared<state>()) {
    loop.spawn(live(loop, std::move(what), state_));
  }

  bool await_ready() const { return state_->value.has_value(); }
  void await_suspend(std::coroutine_handle<> who) { state_->waiting = who; }
  T await_resume() { return std::move(*state_->value); }

private:
  struct state {
    std::optional<T> value;
    std::coroutine_handle<> waiting;
  };

  static task<> live(load_loop& loop, task<T> what, std::shared_ptr<state> into) {
    auto value = co_await what;
    into->value.emplace(std::move(value));
    if (into->waiting)
      loop.resume_soon(into->waiting);
  }

  std::shared_ptr<state> state_;
};

} // namespace troupe::sim
