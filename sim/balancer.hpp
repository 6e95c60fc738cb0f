#pragma once
// Which node of a cluster a connection goes to, as a load balancer decides it: in turn, to those in
// the set. A node leaves the set when a connection to it is refused, or broken before a byte of an
// answer, and when it says that it is not ready; only a probe that is answered ready puts it in
// again. One node alone is always in: there is nobody else to ask. No clock, no I/O.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::sim {

/// What a node got.
struct node_record {
  std::string url;
  uint64_t requests = 0;          ///< that customers, operators and the checks have sent to it
  std::chrono::nanoseconds out{}; ///< how long it was not in the set
};

class balancer {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `urls`: one or more. All begin in the set.
  explicit balancer(const std::vector<std::string>& urls);

  size_t size() const { return nodes_.size(); }
  const std::string& url(size_t node) const { return nodes_.at(node).url; }
  bool is_in(size_t node) const { return nodes_.at(node).in; }
  /// Whether each has been heard of once; of one alone nothing has to be.
  bool knows_all() const;

  /// Where a connection goes: to `current` while that is in the set, else to the next in turn that
  /// is. When none is: to the next in turn that is another, as all may be back.
  size_t node_for(std::optional<size_t> current);

  /// A request has gone out to it.
  void sent(size_t node) { ++nodes_.at(node).requests; }
  /// A connection to it was refused, or ended before a byte of an answer.
  void failed(size_t node, time_point now) { set(node, false, now); }
  /// A probe was answered, or not in time.
  void probed(size_t node, bool ready, time_point now) { set(node, ready, now); }

  std::vector<node_record> records(time_point now) const;

private:
  struct node {
    std::string url;
    uint64_t requests = 0;
    bool in = true;
    bool known = false;
    time_point out_since = {};
    std::chrono::nanoseconds out = {};
  };
  void set(size_t node, bool in, time_point now);

  std::vector<node> nodes_;
  size_t last_; ///< whose turn was last
};

/// The URLs of nodes as they are used, without a slash at the end. One that is no
/// http://host[:port], or is named twice, goes into `mistakes`.
std::vector<std::string> node_urls(const std::vector<std::string>& given,
                                   std::vector<std::string>& mistakes);

} // namespace troupe::sim
