#pragma once
// A Troupe of the simulation's own, with its PostgreSQL, Kafka and gateway simulator, that can be
// broken and mended: scripts/sim-system.sh at work. For one thread at a time.

#include "http/fd.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace troupe::sim {

/// What faults are done to; an interface, so that plans can be tested without servers.
class breakable {
public:
  struct answer {
    bool ok = false;
    std::string seen; ///< what showed that it took effect, or why it did not
  };
  virtual ~breakable() = default;
  /// Does what scripts/sim-system.sh calls `command`, and returns when it is done. Throws
  /// `std::runtime_error` when nobody is there any more to do it.
  virtual answer tell(const std::string& command) = 0;
};

class local_system : public breakable {
public:
  /// Begins to start everything in `folder`, which must be there. `script`: scripts/sim-system.sh;
  /// `program`: the troupe to run, as so many `nodes`; with `network` on a network that can be cut.
  /// Throws `std::system_error`.
  local_system(const std::filesystem::path& script, const std::filesystem::path& folder,
               const std::filesystem::path& program, int nodes, bool network);
  /// As `end`.
  ~local_system() override;
  local_system(const local_system&) = delete;
  local_system& operator=(const local_system&) = delete;

  /// Whether Troupe serves, at the latest after `limit`: it takes 10 s or so. Throws
  /// `std::runtime_error` with the end of the log when it never will.
  bool ready(std::chrono::milliseconds limit);
  /// Why there is no network that can be cut, although one was wanted; empty: there is. Known long
  /// before it is ready.
  const std::string& no_network() const { return no_network_; }
  /// Only once it is ready.
  answer tell(const std::string& command) override;
  /// Ends everything, whatever has been broken, and returns when it is done; also before it is
  /// ready. False: not everything ended in order.
  bool end();

  /// Of each node's gateway, once it is ready.
  const std::vector<std::string>& urls() const { return urls_; }
  /// NAME=value of the settings it runs with, for an audit of its databases.
  std::vector<std::string> environment() const;
  /// What the script and the parts that it starts say about themselves.
  std::filesystem::path log() const { return folder_ / "system.log"; }

private:
  std::optional<std::string> read_line(std::chrono::milliseconds limit);
  std::string end_of_log() const;

  std::filesystem::path folder_;
  http::fd line_; ///< to the script: what it reads and writes
  std::string unread_;
  pid_t script_ = -1;
  bool in_order_ = false;
  std::string no_network_;
  std::vector<std::string> urls_;
};

} // namespace troupe::sim
