#pragma once
// The directory of nodes in memory, with a clock that the test moves. One `fake_directory` is the
// database; each node has a session with it. Single-threaded.

#include "persistence/membership.hpp"

#include <map>
#include <set>

namespace troupe::test {

struct fake_directory {
  struct node {
    double lease_until = 0;
    bool fenced = false;
    bool open = true; ///< some stream of it may still be written
  };

  /// Seconds of the database's clock.
  double now = 0;
  std::map<int64_t, node> nodes;
  int64_t owner = 0; ///< of all shards; 0: nobody
  bool down = false; ///< every call throws `wait`

  int64_t begin();
  void complete_fences();
};

class fake_membership : public membership {
public:
  fake_membership(std::shared_ptr<fake_directory> db, int64_t incarnation)
      : db_(std::move(db)), me_(incarnation) {}

  membership_view renew() override;
  bool fence(int64_t incarnation) override;
  int claim() override;

private:
  bool free() const;
  void check() const;

  std::shared_ptr<fake_directory> db_;
  int64_t me_;
};

} // namespace troupe::test
