#include "actors/peer_router.hpp"

#include "telemetry/log.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace troupe {

namespace {

prometheus::Counter& unanswered(metrics& count, const char* why) {
  return count.counter("troupe_peer_unanswered_total",
                       "Requests to peers whose answer did not come: after their time, or before "
                       "the connection was lost",
                       {{"why", why}});
}

/// What the error says, for the log.
std::string text_of(caf::actor_system& system, const caf::error& e) {
  const auto detail = detail_of(e);
  return detail.empty() ? system.render(e) : detail;
}

} // namespace

std::string_view to_string(peer_state::link l) {
  switch (l) {
    case peer_state::link::connecting:
      return "connecting";
    case peer_state::link::connected:
      return "connected";
    case peer_state::link::other_protocol:
      break;
  }
  return "other_protocol";
}

void peer_router_state::start(self_ptr self, connector_actor connector, peer_options options,
                              metrics& count) {
  self_ = self;
  connector_ = std::move(connector);
  options_ = std::move(options);
  count_ = &count;
  count_connected();
}

void peer_router_state::update(const std::vector<cluster_member>& members) {
  auto strangers = std::exchange(strangers_, {});
  std::set<int64_t> present;
  for (const auto& m : members) {
    if (m.incarnation == options_.me || m.address.empty())
      continue;
    if (m.protocol == cluster_protocol) {
      present.insert(m.incarnation);
      meet(m);
      continue;
    }
    const auto before = strangers.find(m.name);
    if (before == strangers.end() || before->second.protocol != m.protocol)
      log::warn("peer.other_protocol",
                {{"node", m.name}, {"its", m.protocol}, {"ours", cluster_protocol}});
    strangers_.emplace(m.name, m);
  }
  for (auto at = peers_.begin(); at != peers_.end();) {
    if (!present.contains(at->first)) {
      part_from(at->second);
      at = peers_.erase(at);
    } else {
      ++at;
    }
  }
}

void peer_router_state::meet(const cluster_member& m) {
  if (find(m.incarnation) != nullptr)
    return;
  auto& load = count_->gauge("troupe_peer_in_flight", "Requests to a peer without an answer",
                             {{"node", m.name}});
  auto& p = peers_
                .emplace(m.incarnation,
                         peer{m, backoff(options_.first_delay, options_.longest_delay), &load})
                .first->second;
  if (goes_first(p))
    connect(m.incarnation);
  else
    self_->delayed_send(self_, options_.first_delay, again_atom::value, m.incarnation);
}

/// Of two that connect to each other in the same moment each may drop its own connection for the
/// other's: CAF keeps one.
bool peer_router_state::goes_first(const peer& p) const {
  return options_.me < p.who.incarnation;
}

void peer_router_state::connect(int64_t to) {
  auto* p = find(to);
  if (p == nullptr || p->gate || p->attempt != 0)
    return;
  const auto attempt = p->attempt = ++last_attempt_;
  self_->request(connector_, options_.connect_limit, caf::connect_atom::value, p->who.address)
      .then(
          [this, to, attempt](const cluster_gate_actor& gate) {
            if (auto* asked = attempting(to, attempt))
              found(*asked, gate);
          },
          [this, to, attempt](const caf::error& why) {
            if (auto* asked = attempting(to, attempt))
              missed(*asked, why);
          });
}

/// Whoever waits here for what the peer commits may have missed notices: the first one says so.
/// Before it goes out, changes are gathered for the peer, so that none falls between.
void peer_router_state::found(peer& p, const cluster_gate_actor& gate) {
  p.attempt = 0;
  p.gate = gate;
  p.delay.reset();
  p.said = false;
  self_->monitor(gate);
  log::info("peer.connected",
            {{"node", p.who.name}, {"incarnation", p.who.incarnation}, {"address", p.who.address}});
  count_connected();
  change_notice anything;
  anything.all = true;
  self_->send(gate, anything);
}

void peer_router_state::missed(peer& p, const caf::error& why) {
  p.attempt = 0;
  if (!std::exchange(p.said, true))
    log::warn("peer.unreachable", {{"node", p.who.name},
                                   {"address", p.who.address},
                                   {"error", text_of(self_->system(), why)}});
  try_again(p);
}

void peer_router_state::try_again(peer& p) {
  auto delay = p.delay.next();
  if (!goes_first(p))
    delay += options_.first_delay;
  self_->delayed_send(self_, delay, again_atom::value, p.who.incarnation);
}

void peer_router_state::down(const caf::down_msg& gone) {
  const auto at = std::find_if(peers_.begin(), peers_.end(), [&](const auto& each) {
    return each.second.gate && each.second.gate.address() == gone.source;
  });
  if (at == peers_.end())
    return;
  auto& p = at->second;
  log::warn("peer.lost", {{"node", p.who.name},
                          {"incarnation", p.who.incarnation},
                          {"in_flight", p.waiting.size()},
                          {"reason", text_of(self_->system(), gone.reason)}});
  p.gate = nullptr;
  drop(p);
  count_connected();
  try_again(p);
  if (options_.lost)
    options_.lost(p.who.incarnation);
}

/// The caller erases it.
void peer_router_state::part_from(peer& p) {
  log::info("peer.gone", {{"node", p.who.name}, {"incarnation", p.who.incarnation}});
  if (p.gate)
    self_->demonitor(p.gate.address());
  p.gate = nullptr;
  drop(p);
  count_connected();
  if (options_.gone)
    options_.gone(p.who.incarnation);
}

void peer_router_state::await(peer& p, caf::message_id request, std::chrono::milliseconds limit,
                              const caf::response_promise& reply) {
  p.waiting.emplace(request, call{reply, self_->clock().now() + limit});
  p.load->Set(static_cast<double>(p.waiting.size()));
  if (!std::exchange(ticking_, true))
    self_->delayed_send(self_, options_.tick, tick_atom::value);
}

void peer_router_state::tick() {
  const auto now = self_->clock().now();
  ticking_ = false;
  for (const auto& [incarnation, p] : peers_)
    for (const auto& [request, asked] : p.waiting) {
      ticking_ = true;
      if (asked.until <= now)
        give_up(request);
    }
  if (ticking_)
    self_->delayed_send(self_, options_.tick, tick_atom::value);
}

/// As CAF's clock does it: its handler gets an error, and is forgotten.
void peer_router_state::give_up(caf::message_id request) {
  self_->eq_impl(request, self_->ctrl(), self_->context(),
                 caf::make_error(caf::sec::request_timeout));
}

/// Nobody knows what became of what was in flight.
void peer_router_state::drop(peer& p) {
  unanswered(*count_, "lost").Increment(static_cast<double>(p.waiting.size()));
  for (auto& [request, asked] : std::exchange(p.waiting, {})) {
    asked.reply.deliver(make_fault(fault::unavailable));
    give_up(request);
  }
  p.load->Set(0);
}

void peer_router_state::moved(int64_t to, int32_t shard, const shard_place& now) {
  if (auto* p = connected(to))
    self_->send(p->gate, moved_atom::value, shard, now);
}

void peer_router_state::tell_all(const change_notice& notice) {
  for (auto& [incarnation, p] : peers_)
    if (p.gate)
      self_->send(p.gate, notice);
}

std::vector<peer_state> peer_router_state::list() const {
  using link = peer_state::link;
  std::vector<peer_state> all;
  all.reserve(peers_.size() + strangers_.size());
  for (const auto& [incarnation, p] : peers_)
    all.push_back({incarnation, p.who.name, p.who.address,
                   p.gate ? link::connected : link::connecting, p.waiting.size()});
  for (const auto& [node, who] : strangers_)
    all.push_back({who.incarnation, node, who.address, link::other_protocol, 0});
  return all;
}

peer_router_state::peer* peer_router_state::find(int64_t incarnation) {
  const auto at = peers_.find(incarnation);
  return at == peers_.end() ? nullptr : &at->second;
}

peer_router_state::peer* peer_router_state::connected(int64_t incarnation) {
  auto* p = find(incarnation);
  return p != nullptr && p->gate ? p : nullptr;
}

peer_router_state::peer* peer_router_state::attempting(int64_t incarnation, uint64_t attempt) {
  auto* p = find(incarnation);
  return p != nullptr && p->attempt == attempt ? p : nullptr;
}

std::optional<caf::response_promise> peer_router_state::take(int64_t from,
                                                             caf::message_id request) {
  auto* p = find(from);
  if (p == nullptr)
    return std::nullopt;
  auto waits = p->waiting.extract(request);
  p->load->Set(static_cast<double>(p->waiting.size()));
  return waits.empty() ? std::nullopt : std::optional(std::move(waits.mapped().reply));
}

/// The peer's own word comes through; what CAF says (no answer in time, no such actor any more)
/// means that nobody knows.
void peer_router_state::refused(int64_t from, caf::message_id request, const caf::error& why) {
  auto waits = take(from, request);
  if (!waits)
    return;
  if (why == caf::sec::request_timeout)
    unanswered(*count_, "time_out").Increment();
  waits->deliver(make_fault(fault_of(why), detail_of(why)));
}

void peer_router_state::count_connected() {
  const auto connected = std::count_if(peers_.begin(), peers_.end(), [](const auto& each) {
    return static_cast<bool>(each.second.gate);
  });
  count_->gauge("troupe_peers_connected", "Other nodes that this one is connected to")
      .Set(static_cast<double>(connected));
  if (options_.connected)
    options_.connected(static_cast<size_t>(connected));
}

void peer_router_state::end() {
  for (auto& [incarnation, p] : peers_)
    drop(p);
}

peer_router_actor::behavior_type peer_router_behavior(peer_router_state::self_ptr self,
                                                      connector_actor connector,
                                                      peer_options options, metrics* count) {
  auto& s = self->state;
  s.start(self, std::move(connector), std::move(options), *count);
  self->set_down_handler([&s](caf::down_msg& m) { s.down(m); });
  before_ending(self, [&s] { s.end(); });
  return {
      [&s](int64_t owner, view_atom, std::string& id, std::string& user) {
        return s.forward<order>(owner, s.options().view_limit, view_atom::value, std::move(id),
                                std::move(user));
      },
      [&s](int64_t owner, order_request& r) {
        return s.forward<order_answer>(owner, s.options().command_limit, std::move(r));
      },
      [&s](int64_t owner, create_request& r) {
        return s.forward<create_answer>(owner, s.options().command_limit, std::move(r));
      },
      [&s](int64_t owner, diagnose_atom, std::string& id) {
        return s.forward<presence>(owner, s.options().view_limit, diagnose_atom::value,
                                   std::move(id));
      },
      [&s](peers_atom, const std::vector<cluster_member>& members) { s.update(members); },
      [&s](moved_atom, int64_t to, int32_t shard, const shard_place& now) {
        s.moved(to, shard, now);
      },
      [&s](const change_notice& notice) { s.tell_all(notice); },
      [&s](again_atom, int64_t incarnation) { s.connect(incarnation); },
      [&s](tick_atom) { s.tick(); },
      [&s](list_atom) { return s.list(); },
  };
}

} // namespace troupe
