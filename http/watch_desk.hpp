#pragma once
// One actor on which the clients that wait are looked after: it runs what it is handed, one after
// another, and looks at the clock at every tick. A job that throws is logged; the desk goes on.

#include "http/call.hpp"
#include "http/waiting_room.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>

namespace troupe::http {

/// How long what is read for them rests after a read that failed.
inline constexpr std::chrono::seconds rest_after_failure{1};

/// How waiting clients are served.
struct waiting_options {
  int most = 2000;                  ///< of each kind
  std::function<bool()> overloaded; ///< true: nobody more is let in; may be empty
  std::chrono::milliseconds tick{200};
  std::chrono::milliseconds heartbeat{15'000}; ///< of silence on a stream
  /// Bytes unsent past which a stream is given nothing new until its client has read.
  size_t enough_unsent = 64UL * 1024;
};

class watch_desk {
public:
  using actor_ptr = caf::event_based_actor*;
  using job = std::function<void(actor_ptr)>;

  /// `on_tick` and the jobs run on the desk.
  watch_desk(caf::actor_system& system, const waiting_options& options, job on_tick);

  /// A place for `c`, who waits for `key`. Null: there is none, and `c` is answered 503.
  waiting_room::seat_ptr admit(waiting_room& room, call& c, const std::string& key) const;

  /// Never blocks; callable from any thread.
  void post(job what);

  /// Runs `last` after all that was posted before, and ends. Waits for it; `last` never blocks.
  void stop(job last);

private:
  caf::actor_system& system_;
  std::function<bool()> overloaded_;
  caf::actor desk_;
  std::atomic<bool> stopped_ = false;
};

/// What a desk is handed. Local.
struct watch_job {
  watch_desk::job run;
};

} // namespace troupe::http

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::http::watch_job)
