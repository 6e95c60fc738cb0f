#include "http/cluster_routes.hpp"

#include "http/serve.hpp"
#include "http/views.hpp"

#include <algorithm>

namespace troupe::http {

namespace {

using peer_states = std::vector<peer_state>;

/// `peers`: the connections of this node, which has none to itself.
view member_view(const cluster_member& m, const cluster_state& in, const peer_states& peers) {
  view result{{"name", m.name},
              {"incarnation", m.incarnation},
              {"address", m.address},
              {"protocol", m.protocol},
              {"lives", m.lives},
              {"joined", m.joined},
              {"leaving", m.leaving},
              {"shards", std::ranges::count(in.shards, m.incarnation, &shard_place::owner)}};
  const auto peer = std::ranges::find(peers, m.incarnation, &peer_state::incarnation);
  if (peer != peers.end()) {
    result["link"] = to_string(peer->now);
    result["inFlight"] = peer->in_flight;
  }
  return result;
}

view shard_view(const shard_place& place) {
  return {{"owner", place.owner == 0 ? view() : view(place.owner)}, {"epoch", place.epoch}};
}

view cluster_state_view(const cluster_state& in, const peer_states& peers) {
  auto members = array_view(in.members, [&](const auto& m) { return member_view(m, in, peers); });
  auto shards = view::array();
  for (const auto& place : in.shards)
    shards.push_back(shard_view(place));
  return {{"incarnation", in.me}, {"members", std::move(members)}, {"shards", std::move(shards)}};
}

void show_cluster(const backend& b, const doors& to, const call_ptr& c) {
  require_admin(b, *c);
  const auto show = [c](const cluster_state& now, const peer_states& peers) {
    c->answer(json_answer(200, cluster_state_view(now, peers)));
  };
  b.calls.ask<cluster_state>(
      line::diagnosis, to.cluster, c,
      [&b, peers = to.peers, c, show](const cluster_state& now) {
        if (!peers)
          return show(now, {});
        b.calls.ask<peer_states>(
            line::diagnosis, peers, c,
            [now, show](const peer_states& states) { show(now, states); }, list_atom::value);
      },
      view_atom::value);
}

} // namespace

void add_cluster_routes(front& f, const backend& b) {
  f.get("/cluster", serve(b, show_cluster));
}

} // namespace troupe::http
