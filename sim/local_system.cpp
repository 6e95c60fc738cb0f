#include "sim/local_system.hpp"

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::sim {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds for_ever{-1};

void require(int error, const char* what) {
  if (error != 0)
    throw std::system_error(error, std::generic_category(), what);
}

/// What a child gets besides its arguments; gone when the child has begun.
class spawning {
public:
  spawning() {
    require(posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init");
    require(posix_spawnattr_init(&attributes_), "posix_spawnattr_init");
    // Away from the terminal's Ctrl-C, which is for us; and without the signals that we block.
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t none, usual;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes_, &usual);
  }
  ~spawning() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  spawning(const spawning&) = delete;
  spawning& operator=(const spawning&) = delete;

  void descriptor(int ours, int theirs) {
    require(posix_spawn_file_actions_adddup2(&actions_, ours, theirs), "adddup2");
  }
  void file(int theirs, const fs::path& path) {
    require(posix_spawn_file_actions_addopen(&actions_, theirs, path.c_str(),
                                             O_WRONLY | O_CREAT | O_APPEND, 0644),
            "addopen");
  }
  pid_t run(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (const auto& word : words)
      argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_t pid = -1;
    require(posix_spawn(&pid, argv[0], &actions_, &attributes_, argv.data(), environ),
            words[0].c_str());
    return pid;
  }

private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

} // namespace

local_system::local_system(const fs::path& script, const fs::path& folder, const fs::path& program,
                           int nodes, bool network)
    : folder_(fs::absolute(folder)) {
  // When this process is gone, however that came, the script reads the end of its commands.
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::system_error(errno, std::generic_category(), "socketpair");
  line_ = http::fd(ends[0]);
  const http::fd theirs(ends[1]);
  spawning with;
  with.descriptor(theirs.get(), STDIN_FILENO);
  with.descriptor(theirs.get(), STDOUT_FILENO);
  with.file(STDERR_FILENO, log());
  std::vector words{script.string(), folder_.string(), program.string(), std::to_string(nodes)};
  if (network)
    words.emplace_back("network");
  script_ = with.run(words);
}

local_system::~local_system() {
  end();
}

bool local_system::ready(milliseconds limit) {
  const auto line = read_line(limit);
  if (!line)
    return false;
  std::istringstream words(*line);
  std::string word;
  words >> word;
  if (word == "loopback") {
    std::getline(words >> std::ws, no_network_);
    return false;
  }
  if (word != "ready")
    throw std::runtime_error("unexpected: " + *line);
  while (words >> word)
    urls_.push_back(word);
  return true;
}

breakable::answer local_system::tell(const std::string& command) {
  const auto text = command + "\n";
  // A script that is gone shows when its answer is read.
  (void)send(line_.get(), text.data(), text.size(), MSG_NOSIGNAL);
  const auto line = read_line(for_ever).value();
  const auto space = line.find(' ');
  return {line.starts_with("ok"), space == std::string::npos ? "" : line.substr(space + 1)};
}

bool local_system::end() {
  if (script_ < 0)
    return in_order_;
  if (urls_.empty())
    kill(script_, SIGTERM); // it does not read yet
  line_.reset();
  int status = 0;
  while (waitpid(script_, &status, 0) < 0 && errno == EINTR)
    continue;
  script_ = -1;
  in_order_ = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return in_order_;
}

std::vector<std::string> local_system::environment() const {
  std::ifstream in(folder_ / "environment");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

/// Nothing: the time is over.
std::optional<std::string> local_system::read_line(milliseconds limit) {
  size_t end = 0;
  while ((end = unread_.find('\n')) == std::string::npos) {
    pollfd on{line_.get(), POLLIN, 0};
    if (poll(&on, 1, static_cast<int>(limit.count())) <= 0)
      return std::nullopt;
    char some[1024];
    const auto count = recv(line_.get(), some, sizeof(some), 0);
    if (count <= 0)
      throw std::runtime_error("the Troupe that was started for the faults has ended: see "
                               + log().string() + "\n" + end_of_log());
    unread_.append(some, static_cast<size_t>(count));
  }
  auto line = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  while (line.ends_with(' '))
    line.pop_back();
  return line;
}

/// From the failure on, if one is named.
std::string local_system::end_of_log() const {
  constexpr size_t enough = 2000;
  std::ifstream in(log());
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto failure = text.rfind("troupe: FAILED");
  return text.substr(failure != std::string::npos ? failure
                     : text.size() > enough       ? text.size() - enough
                                                  : 0);
}

} // namespace troupe::sim
