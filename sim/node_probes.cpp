#include "sim/node_probes.hpp"

#include <utility>

namespace troupe::sim {

namespace {

using clock = load_loop::clock;

} // namespace

node_probes::node_probes(web_client& client) : client_(client) {
  const auto count = client.nodes().size();
  if (count == 1)
    return;
  probes_.reserve(count);
  for (size_t node = 0; node < count; ++node) {
    probes_.push_back({.session = web_session(client, node)});
    send_at(node, clock::now());
  }
}

node_probes::~node_probes() {
  for (auto& probe : probes_)
    if (probe.next)
      client_.loop().cancel_timer(*probe.next);
}

void node_probes::send_at(size_t node, load_loop::time_point when) {
  probes_[node].next = client_.loop().set_timer(when, [this, node] {
    probes_[node].next.reset();
    send(node);
  });
}

void node_probes::send(size_t node) {
  auto& probe = probes_[node];
  web_request r;
  r.target = "/health/ready";
  r.limit = limit;
  probe.exchange.emplace(probe.session.send(std::move(r)));
  probe.exchange->on_end([this, node](const web_answer& answer) {
    const auto now = clock::now();
    client_.nodes().probed(node, answer.status == 200, now);
    send_at(node, now + pause);
  });
}

} // namespace troupe::sim
