#include "outside/mail_message.hpp"
#include "outside/mail_transport.hpp"
#include "telemetry/log.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace troupe {

namespace {

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error("mail spool: cannot " + what + ": " + std::strerror(error));
}

// An open file, closed at the end of its scope.
class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return fd_; }

private:
  int fd_;
};

void write_file(const std::string& path, std::string_view bytes) {
  descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (file.get() < 0)
    fail("create " + path, errno);
  while (!bytes.empty()) {
    ssize_t wrote = ::write(file.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote < 0)
      fail("write " + path, errno);
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
}

void make_folder(const std::string& folder) {
  std::error_code made;
  std::filesystem::create_directories(folder, made);
  if (made)
    fail("make " + folder, made.value());
}

// The bytes of all files. One flush for many: each file's own would take as long, and keep the
// commits of a database on the same disk waiting.
void sync_files(const descriptor& folder) {
  if (::syncfs(folder.get()) != 0)
    fail("sync the files", errno);
}

// The names themselves must survive a crash too, not only the bytes.
void sync_names(const descriptor& folder) {
  if (::fsync(folder.get()) != 0)
    fail("sync the names", errno);
}

// A file that is yet to get its name; without one it goes.
class part {
public:
  part(const std::string& folder, const std::string& name, const std::string& number)
      : temporary_(folder + "/." + name + "." + number + ".part"),
        path_(folder + "/" + name + ".eml") {}
  ~part() {
    if (!named_)
      ::unlink(temporary_.c_str());
  }
  part(const part&) = delete;
  part& operator=(const part&) = delete;

  void write(std::string_view bytes) const { write_file(temporary_, bytes); }
  void take_name() {
    if (::rename(temporary_.c_str(), path_.c_str()) != 0)
      fail("rename to " + path_, errno);
    named_ = true;
  }

private:
  const std::string temporary_, path_;
  bool named_ = false;
};

// What went wrong in `step`; empty: nothing.
template <class F>
std::string error_of(F&& step) {
  try {
    step();
    return {};
  } catch (const std::runtime_error& e) {
    return e.what();
  }
}

class spool : public mail_transport {
public:
  spool(std::string folder, std::string from)
      : folder_(std::move(folder)), from_(std::move(from)) {}

  std::vector<std::string> send(std::span<const mail> all) override {
    std::vector<std::string> wrong(all.size());
    const auto of_all = error_of([&] { spool_all(all, wrong); });
    if (!of_all.empty())
      wrong.assign(all.size(), of_all);
    return wrong;
  }

private:
  void spool_all(std::span<const mail> all, std::vector<std::string>& wrong) {
    make_folder(folder_);
    const descriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0)
      fail("open " + folder_, errno);
    const auto now = std::chrono::system_clock::now();
    std::deque<part> parts;
    for (size_t i = 0; i < all.size(); ++i) {
      // Several senders may hold the same mail: each writes its own temporary file.
      const auto number = std::to_string(::getpid()) + "." + std::to_string(++number_);
      auto& made = parts.emplace_back(folder_, spool_name(all[i].message_id), number);
      wrong[i] = error_of([&] { made.write(format_mail(all[i], from_, now)); });
    }
    sync_files(folder);
    for (size_t i = 0; i < all.size(); ++i)
      if (wrong[i].empty())
        wrong[i] = error_of([&] { parts[i].take_name(); });
    sync_names(folder);
    log::debug("mail.spooled", {{"count", all.size()}});
  }

  const std::string folder_;
  const std::string from_;
  std::atomic<uint64_t> number_{0};
};

} // namespace

std::unique_ptr<mail_transport> make_spool_transport(std::string folder, std::string from) {
  return std::make_unique<spool>(std::move(folder), std::move(from));
}

} // namespace troupe
