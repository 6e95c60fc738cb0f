#pragma once
// Gates of nodes that are not there, and a connector that hands them out.

#include "actors/peer_router.hpp"

#include <caf/all.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::test {

/// What a gate was told, and how it answers.
struct gate_book {
  bool silent = false;            ///< requests are kept without an answer
  caf::error refusal;             ///< of commands; none: they succeed
  std::vector<std::string> asked; ///< every message, in a word
  std::vector<change_notice> news;
  std::vector<std::function<void()>> kept; ///< answer what was kept
};

/// `flush_atom`: answer what was kept.
using fake_gate_actor = cluster_gate_actor::extend<caf::reacts_to<flush_atom>>;

struct fake_gate_state {
  static inline const char* name = "fake_gate";
};

inline order named(const std::string& id) {
  order o;
  o.id = id;
  return o;
}

/// Does what `book` says with a request that `answer` would answer.
template <class Answer, class Self>
caf::result<Answer> by_book(Self self, const std::shared_ptr<gate_book>& book, std::string what,
                            Answer answer) {
  book->asked.push_back(std::move(what));
  if (book->refusal)
    return book->refusal;
  if (!book->silent)
    return answer;
  auto reply = self->template make_response_promise<Answer>();
  book->kept.emplace_back([reply, answer]() mutable { reply.deliver(answer); });
  return reply;
}

inline fake_gate_actor::behavior_type
fake_gate(fake_gate_actor::stateful_pointer<fake_gate_state> self,
          std::shared_ptr<gate_book> book) {
  return {
      [self, book](view_atom, const std::string& id, const std::string& user) {
        return by_book(self, book, "view " + id + " of " + user, named(id));
      },
      [self, book](const order_request& r) {
        return by_book(self, book, "command " + r.order_id, order_answer{named(r.order_id)});
      },
      [self, book](const create_request& r) {
        return by_book(self, book, "create " + r.draft.id, create_answer{r.draft});
      },
      [self, book](diagnose_atom, const std::string& id) {
        return by_book(self, book, "diagnose " + id, presence::live);
      },
      [book](moved_atom, int32_t shard, const shard_place& now) {
        book->asked.push_back("moved " + std::to_string(shard) + " to " + std::to_string(now.owner)
                              + " epoch " + std::to_string(now.epoch));
      },
      [book](const change_notice& news) { book->news.push_back(news); },
      [book](flush_atom) {
        for (const auto& answer : std::exchange(book->kept, {}))
          answer();
      },
  };
}

/// The network: who answers at which address, and how often it was tried.
struct fake_net {
  std::map<std::string, cluster_gate_actor> gates;
  std::map<std::string, int> tries;
};

struct fake_connector_state {
  static inline const char* name = "fake_connector";
};

inline connector_actor::behavior_type
fake_connector(connector_actor::stateful_pointer<fake_connector_state> /*self*/,
               std::shared_ptr<fake_net> net) {
  return {[net](caf::connect_atom, const std::string& address) -> caf::result<cluster_gate_actor> {
    ++net->tries[address];
    const auto at = net->gates.find(address);
    if (at == net->gates.end())
      return make_fault(fault::unavailable, "does not answer");
    return at->second;
  }};
}

} // namespace troupe::test
