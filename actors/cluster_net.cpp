#include "actors/cluster_net.hpp"

#include "actors/wire.hpp"
#include "domain/endpoint.hpp"
#include "telemetry/log.hpp"

#include <caf/io/middleman.hpp>
#include <caf/openssl/manager.hpp>

#include <cerrno>
#include <memory>
#include <thread>

#include <netdb.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds reach_limit{1000}, handshake_limit{3000}, publish_limit{2000};

/// Names this actor system at random. CAF makes the name of the machine's network addresses and the
/// process id, which two containers have alike: they would take each other for themselves. A module
/// can do it between the middleman's choice and the first actor; the place of the one for OpenCL is
/// the one that is initialised then.
class random_name final : public caf::actor_system::module {
public:
  explicit random_name(caf::actor_system& system) : system_(system) {}

  static module* make(caf::actor_system& system, caf::detail::type_list<>) {
    return new random_name(system); // CAF owns it
  }

  void init(caf::actor_system_config& /*config*/) override {
    caf::node_id::default_data::host_id_type host{};
    if (getrandom(host.data(), host.size(), 0) == static_cast<ssize_t>(host.size()))
      const_cast<caf::node_id&>(system_.node())
          = caf::make_node_id(static_cast<uint32_t>(getpid()), host);
  }

  void start() override {}
  void stop() override {}
  id_t id() const override { return opencl_manager; }
  void* subtype_ptr() override { return this; }

private:
  caf::actor_system& system_;
};

caf::io::middleman_actor middleman_of(caf::actor_system& system) {
  return system.has_openssl_manager() ? system.openssl_manager().actor_handle()
                                      : system.middleman().actor_handle();
}

/// A connection that comes about in time.
bool answers(const addrinfo& at) {
  const int fd = socket(at.ai_family, at.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return false;
  int wrong = connect(fd, at.ai_addr, at.ai_addrlen) == 0 ? 0 : errno;
  if (wrong == EINPROGRESS) {
    pollfd ready{fd, POLLOUT, 0};
    socklen_t size = sizeof(wrong);
    if (poll(&ready, 1, static_cast<int>(reach_limit.count())) == 1)
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &wrong, &size);
  }
  close(fd);
  return wrong == 0;
}

/// Asked before CAF is, which connects in one thread, one peer after another, for as long as the
/// kernel tries: two minutes where packets are lost on the way.
bool reachable(const endpoint& at) {
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &wanted, &found) != 0)
    return false;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, freeaddrinfo);
  for (const auto* each = all.get(); each != nullptr; each = each->ai_next)
    if (answers(*each))
      return true;
  return false;
}

/// One attempt; ends with it.
connector_actor::behavior_type attempt(connector_actor::pointer self) {
  return {[self](caf::connect_atom, const std::string& address) -> caf::result<cluster_gate_actor> {
    const auto at = parse_endpoint(address);
    if (!at || !reachable(*at)) {
      self->quit();
      return make_fault(fault::unavailable, at ? "does not answer" : "is no host:port");
    }
    auto reply = self->make_response_promise<cluster_gate_actor>();
    self->request(middleman_of(self->system()), handshake_limit, caf::connect_atom::value, at->host,
                  at->port)
        .then(
            [self, reply](caf::node_id&, caf::strong_actor_ptr& gate,
                          std::set<std::string>&) mutable {
              if (gate)
                reply.deliver(caf::actor_cast<cluster_gate_actor>(gate));
              else
                reply.deliver(make_fault(fault::unavailable, "lets nobody in"));
              self->quit();
            },
            [self, reply](caf::error& why) mutable {
              reply.deliver(std::move(why));
              self->quit();
            });
    return reply;
  }};
}

/// Binds once; an error says why not.
caf::error try_to_publish(caf::actor_system& system, const cluster_gate_actor& gate,
                          const cluster_net_options& options) {
  caf::scoped_actor self{system};
  caf::error wrong;
  self->request(middleman_of(system), publish_limit, caf::publish_atom::value, options.port,
                caf::actor_cast<caf::strong_actor_ptr>(gate), system.message_types(gate),
                options.bind, true)
      .receive([](uint16_t) {}, [&](caf::error& e) { wrong = std::move(e); });
  return wrong;
}

} // namespace

void add_cluster_net(caf::actor_system_config& config, const cluster_net_options& options) {
  if (options.bind.empty())
    return;
  add_wire_types(config);
  config.load<caf::io::middleman>();
  config.load<random_name>();
  config.set("middleman.workers", size_t{0}); // unpack where it arrives: a worker is a detour
  config.set("middleman.heartbeat-interval", caf::timespan{std::chrono::seconds(1)});
  config.set("middleman.connection-timeout", caf::timespan{std::chrono::seconds(5)});
  config.set("middleman.app-identifiers",
             std::vector<std::string>{"troupe-" + std::to_string(cluster_protocol)});
  if (!options.tls())
    return;
  config.load<caf::openssl::manager>();
  config.openssl_certificate = options.certificate;
  config.openssl_key = options.key;
  config.openssl_cafile = options.authority;
}

connector_actor::behavior_type connector_behavior(connector_actor::pointer self) {
  return {[self](caf::connect_atom word, std::string& address) {
    return self->delegate(self->spawn<caf::detached>(attempt), word, std::move(address));
  }};
}

bool publish_gate(caf::actor_system& system, const cluster_gate_actor& gate,
                  const cluster_net_options& options) {
  constexpr milliseconds pause{100}; // a port that was just closed may still be open
  caf::error wrong;
  for (auto waited = pause * 0; waited < publish_limit; waited += pause) {
    wrong = try_to_publish(system, gate, options);
    if (!wrong)
      return true;
    std::this_thread::sleep_for(pause);
  }
  log::error("cluster.port_taken", {{"address", endpoint{options.bind, options.port}.text()},
                                    {"error", system.render(wrong)}});
  return false;
}

void unpublish_gate(caf::actor_system& system, const cluster_gate_actor& gate, uint16_t port) {
  caf::scoped_actor self{system};
  self->request(middleman_of(system), publish_limit, caf::unpublish_atom::value, gate.address(),
                port)
      .receive([] {}, [](const caf::error&) { /* it is closed, or ends with the process */ });
}

} // namespace troupe
