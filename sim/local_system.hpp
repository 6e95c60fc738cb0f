#pragma once
// A Troupe of the simulation's own, with its PostgreSQL, Kafka and gateway simulator, that can be
// broken and mended: scripts/sim-system.sh at work. For one thread at a time.

#include <cstdio>
#include <filesystem>
#include <memory>
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
  /// Starts everything in `folder`, which is made, and waits until Troupe serves: 10 s or so.
  /// `script`: scripts/sim-system.sh; `program`: the troupe to run. Throws `std::runtime_error`
  /// that says where its log is.
  local_system(const std::filesystem::path& script, const std::filesystem::path& folder,
               const std::filesystem::path& program);
  /// Ends everything in order, whatever has been broken.
  ~local_system() override;
  local_system(const local_system&) = delete;
  local_system& operator=(const local_system&) = delete;

  answer tell(const std::string& command) override;

  /// Of Troupe's gateway.
  const std::string& url() const { return url_; }
  /// NAME=value of the settings it runs with, for an audit of its databases.
  std::vector<std::string> environment() const;

private:
  struct closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using stream = std::unique_ptr<std::FILE, closer>;

  std::string read_line();

  std::filesystem::path folder_;
  stream commands_, answers_;
  pid_t script_ = -1;
  std::string url_;
};

} // namespace troupe::sim
