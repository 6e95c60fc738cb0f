#pragma once
// The clients that are streamed a user's new notifications. The emailing workers tell at the commit
// whom they wrote to; then all that was written since, for all who wait for it, is read in one
// query, in pages, to each as fast as it reads. Other nodes tell of what they wrote; what is not
// heard of is found at the heartbeat.
// Thread-safe; nothing here blocks but `close`.

#include "actors/interfaces.hpp"
#include "actors/observers.hpp"
#include "http/call.hpp"
#include "http/waiting_room.hpp"
#include "http/watch_desk.hpp"
#include "telemetry/metrics.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::http {

class notification_watch final : public notification_observer {
public:
  /// `count` outlives it.
  notification_watch(caf::actor_system& system, const waiting_options& options, metrics& count);
  ~notification_watch() override;

  /// Streams to `c` the notifications of `user` that come after `seen` (their `seq`), oldest first;
  /// without it those that come from now on.
  void follow(const call_ptr& c, const std::string& user, std::optional<int64_t> seen);

  void added(const std::vector<notification>& fresh) override;
  void added_elsewhere(const std::vector<std::string>& users) override;
  void doubtful_all() override;

  /// Notifications can be read from now on.
  void open(const notification_actor& notifications);
  /// The node behind is being made again; who waits goes on waiting.
  void pause();
  /// Ends all streams in order. Once; later clients are refused.
  void close();

private:
  class book;

  void wake(std::set<std::string> users);

  std::shared_ptr<waiting_room> streams_;
  std::shared_ptr<book> book_;
  watch_desk desk_;
};

} // namespace troupe::http
