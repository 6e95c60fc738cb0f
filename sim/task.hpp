#pragma once
// A coroutine of the simulation: a customer's story, read from top to bottom. It begins when it is
// awaited (or given to load_loop::spawn) and lives on the loop's thread only.
//
// Parameters are taken by value, or by a reference to what outlives the task: it does not begin
// when it is called. g++ 12 destroys temporaries in arguments of co_await twice: bind aggregates to
// locals first.

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace troupe::sim {

template <class T = void>
class task;

namespace detail {

struct promise_base {
  std::coroutine_handle<> awaiting = std::noop_coroutine();
  std::exception_ptr error;

  struct back_to_caller {
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> ended) const noexcept {
      return ended.promise().awaiting;
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() const noexcept { return {}; }
  back_to_caller final_suspend() const noexcept { return {}; }
  void unhandled_exception() { error = std::current_exception(); }
};

template <class T>
struct promise : promise_base {
  std::optional<T> value;
  task<T> get_return_object();
  void return_value(T result) { value = std::move(result); }
  T take() { return std::move(*value); }
};

template <>
struct promise<void> : promise_base {
  task<void> get_return_object();
  void return_void() const noexcept {}
  void take() const noexcept {}
};

} // namespace detail

template <class T>
class [[nodiscard]] task {
public:
  using promise_type = detail::promise<T>;
  using handle = std::coroutine_handle<promise_type>;

  explicit task(handle h) : handle_(h) {}
  task(task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  task(const task&) = delete;
  task& operator=(const task&) = delete;
  task& operator=(task&&) = delete;
  ~task() {
    if (handle_)
      handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().awaiting = caller;
    return handle_;
  }
  /// What it returned; throws what it threw.
  T await_resume() {
    if (handle_.promise().error)
      std::rethrow_exception(handle_.promise().error);
    return handle_.promise().take();
  }

private:
  handle handle_;
};

template <class T>
task<T> detail::promise<T>::get_return_object() {
  return task<T>(std::coroutine_handle<promise<T>>::from_promise(*this));
}

inline task<void> detail::promise<void>::get_return_object() {
  return task<void>(std::coroutine_handle<promise<void>>::from_promise(*this));
}

} // namespace troupe::sim
