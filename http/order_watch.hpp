#pragma once
// The clients that wait for an order to change: long-polls and streams. They are told at the
// commit, by whoever committed; the database is not polled. A client is entered first and the order
// is viewed then, so that no change falls between. Where nobody can say what was committed (the
// node is made again, an order's actor ends with a batch in flight, another node made the change),
// the order is viewed again.
// Thread-safe; nothing here blocks but `close`.

#include "actors/interfaces.hpp"
#include "actors/lease.hpp"
#include "actors/observers.hpp"
#include "http/call.hpp"
#include "http/waiting_room.hpp"
#include "http/watch_desk.hpp"
#include "telemetry/metrics.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace troupe::http {

class order_watch final : public order_observer {
public:
  /// The answer to a client that may have seen the order as it is; 304: it has.
  using judge = std::function<response(const order&)>;

  /// `count` outlives it.
  order_watch(caf::actor_system& system, const waiting_options& options, metrics& count);
  ~order_watch() override;

  /// Answers `c` when `answer` of the order is no longer 304, or after `limit` with the 304.
  /// `user`: whose order it must be; empty: anybody's. Past the bound: 503 `busy`.
  void wait(const call_ptr& c, const std::string& id, std::string user, std::chrono::seconds limit,
            judge answer);

  /// Streams the order to `c`: as it is now, unless that is version `seen`, then its changes, until
  /// it is settled.
  void follow(const call_ptr& c, const std::string& id, std::string user,
              std::optional<int64_t> seen);

  void changed(const order& now) override;
  void doubtful(const std::string& order_id) override;
  void doubtful_all() override;

  /// Orders can be viewed from now on, while `mine` says that this node owns them: elsewhere its
  /// changes are not seen. All that is known is doubtful.
  void open(const order_door& orders, const std::shared_ptr<const lease>& mine);
  /// The node behind is being made again; who waits goes on waiting.
  void pause();
  /// Ends all: polls are answered with what is known, streams end in order. Once; later clients
  /// are refused.
  void close();

private:
  class book;

  std::shared_ptr<waiting_room> polls_, streams_;
  std::shared_ptr<book> book_;
  watch_desk desk_;
};

} // namespace troupe::http
