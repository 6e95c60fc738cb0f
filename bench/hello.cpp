// What Troupe's reads are compared with: plain cpp-httplib with a pool of 64 threads that answers
// "hello world" on loopback. It is given what makes it quickest: connections are kept for ever, and
// nothing waits for more to send. Prints its port; ends at SIGINT or SIGTERM.

#include <httplib.h>

#include <csignal>
#include <cstdio>
#include <limits>
#include <thread>

namespace {

constexpr size_t threads = 64;

} // namespace

int main() {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  httplib::Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(threads); };
  server.set_keep_alive_max_count(std::numeric_limits<size_t>::max());
  server.set_tcp_nodelay(true);
  server.Get("/hello", [](const httplib::Request&, httplib::Response& answer) {
    answer.set_content("hello world", "text/plain");
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  if (port < 0) {
    std::fputs("no port can be bound on 127.0.0.1\n", stderr);
    return 1;
  }
  std::thread serving([&server] { server.listen_after_bind(); });
  std::printf("%d\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ending, &signal);
  server.stop();
  serving.join();
}
