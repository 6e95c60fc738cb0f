#pragma once
// What a batch of notices writes, decided on locked rows: a pure function between the reads and the
// writes of an emailing store, shared by the real one and its fake.
// Source: "Parking without losing the wake-up" in docs/protocols.md.

#include "domain/ids.hpp"
#include "persistence/emailing_store.hpp"
#include "persistence/inbox.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace troupe {

struct notice_view {
  std::map<std::string, std::string> users;                 ///< by order, as far as known
  std::map<std::string, std::vector<parked_event>> waiting; ///< by order, oldest first
};

struct notice_plan {
  /// A notification and its e-mail, unless (source, event) was seen before.
  struct entry {
    notification what;
    std::string source, event;
  };
  std::vector<entry> entries;
  std::map<std::string, std::string> new_users; ///< by order
  std::vector<parked_event> park;
  std::vector<int64_t> unpark; ///< ids of parked events that have become entries
  std::vector<notice_outcome::rejection> rejected;

  bool writes() const { return !entries.empty() || !new_users.empty() || !park.empty(); }
};

/// Orders whose user the notices need or tell, sorted, each once.
std::vector<std::string> orders_asked(std::span<const notice> notices);

notice_plan plan_notices(notice_view view, std::span<const notice> notices, notice_decoder decode,
                         const id_source& ids);

} // namespace troupe
