#include "sim/local_system.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace troupe::sim {

namespace {

namespace fs = std::filesystem;

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

/// Both ends close at an exec; a child gets copies.
struct pipe_ends {
  int read = -1, write = -1;
  pipe_ends() {
    int both[2];
    if (pipe2(both, O_CLOEXEC) != 0)
      throw std::system_error(errno, std::generic_category(), "pipe2");
    read = both[0];
    write = both[1];
  }
};

} // namespace

local_system::local_system(const fs::path& script, const fs::path& folder, const fs::path& program)
    : folder_(fs::absolute(folder)) {
  fs::create_directories(folder_);
  pipe_ends commands, answers;
  commands_.reset(fdopen(commands.write, "w"));
  answers_.reset(fdopen(answers.read, "r"));
  spawning with;
  with.descriptor(commands.read, STDIN_FILENO);
  with.descriptor(answers.write, STDOUT_FILENO);
  with.file(STDERR_FILENO, folder_ / "system.log");
  script_ = with.run({script.string(), folder_.string(), program.string()});
  close(commands.read);
  close(answers.write);
  const auto line = read_line();
  const std::string ready = "ready ";
  if (!line.starts_with(ready))
    throw std::runtime_error("unexpected: " + line);
  url_ = line.substr(ready.size());
}

local_system::~local_system() {
  commands_.reset();
  answers_.reset();
  int status = 0;
  while (script_ > 0 && waitpid(script_, &status, 0) < 0 && errno == EINTR)
    continue;
}

breakable::answer local_system::tell(const std::string& command) {
  std::fprintf(commands_.get(), "%s\n", command.c_str());
  std::fflush(commands_.get());
  auto line = read_line();
  const auto space = line.find(' ');
  const auto seen = space == std::string::npos ? "" : line.substr(space + 1);
  return {line.starts_with("ok"), seen};
}

std::vector<std::string> local_system::environment() const {
  std::ifstream in(folder_ / "environment");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::string local_system::read_line() {
  std::string line;
  for (int c; (c = std::fgetc(answers_.get())) != EOF && c != '\n';)
    line += static_cast<char>(c);
  if (line.empty())
    throw std::runtime_error("the local system has ended: see "
                             + (folder_ / "system.log").string());
  while (line.ends_with(' '))
    line.pop_back();
  return line;
}

} // namespace troupe::sim
