#pragma once
// The workers of one kind behind a router: made at the start, made again with a growing delay when
// they die. An order's work always goes to the same worker. Our own, because CAF 0.17's actor_pool
// loses a dead worker's messages and dies with its last worker.
//
// The router owns a crew, calls `down` from its down handler and `mend` on its tick.

#include "actors/backoff.hpp"
#include "actors/interfaces.hpp"
#include "domain/ids.hpp"
#include "telemetry/log.hpp"

#include <functional>
#include <string>
#include <vector>

namespace troupe {

/// A crew of `Worker`s (typed handles) supervised by `Router` (a typed actor that reacts to
/// `tick_atom`).
template <class Worker, class Router>
class crew {
public:
  /// Makes worker number `index`; in production it spawns detached.
  using maker = std::function<Worker(size_t index)>;

  void start(typename Router::pointer self, std::string kind, size_t size, maker make) {
    self_ = self;
    kind_ = std::move(kind);
    make_ = std::move(make);
    workers_.resize(size);
    mend();
  }

  /// The worker of `order_id`; null while it is being made again.
  const Worker& of(std::string_view order_id) const {
    return workers_[static_cast<size_t>(shard_of(order_id)) % workers_.size()];
  }

  const std::vector<Worker>& all() const { return workers_; }

  void down(const caf::down_msg& gone) {
    for (auto& w : workers_) {
      if (!w || w.id() != gone.source.id())
        continue;
      w = nullptr;
      if (detail_of(gone.reason) == fenced_detail)
        return step_down(gone.reason);
      log::error("worker.crashed", {{"kind", kind_}});
      self_->delayed_send(self_, delay_.next(self_->clock().now()), tick_atom::value);
    }
  }

  /// Makes the missing workers.
  void mend() {
    for (size_t i = 0; i < workers_.size(); ++i) {
      if (workers_[i])
        continue;
      workers_[i] = make_(i);
      self_->monitor(workers_[i]);
    }
  }

  void stop() {
    for (auto& w : workers_)
      if (w)
        self_->send_exit(w, caf::exit_reason::user_shutdown);
  }

private:
  /// A fenced worker's successor would be fenced too: the router ends, and the node with it.
  void step_down(const caf::error& why) {
    log::error("node.fenced", {{"kind", kind_}});
    stop();
    self_->quit(why);
  }

  typename Router::pointer self_ = nullptr;
  std::string kind_;
  maker make_;
  std::vector<Worker> workers_;
  restart_delay delay_{std::chrono::seconds(10)};
};

} // namespace troupe
