#include "outside/mail_message.hpp"
#include "outside/mail_transport.hpp"
#include "telemetry/log.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
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

void write_synced(const std::string& path, std::string_view bytes) {
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
  if (::fsync(file.get()) != 0)
    fail("sync " + path, errno);
}

// The name itself must survive a crash too, not only the bytes.
void sync_folder(const std::string& folder) {
  descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0 || ::fsync(opened.get()) != 0)
    fail("sync " + folder, errno);
}

class spool : public mail_transport {
public:
  spool(std::string folder, std::string from)
      : folder_(std::move(folder)), from_(std::move(from)) {}

  void send(const mail& what) override {
    std::string bytes = format_mail(what, from_, std::chrono::system_clock::now());
    std::error_code made;
    std::filesystem::create_directories(folder_, made);
    if (made)
      throw std::runtime_error("mail spool: cannot make " + folder_ + ": " + made.message());
    std::string path = folder_ + "/" + spool_name(what.message_id) + ".eml";
    // Several senders may hold the same mail: each writes its own temporary file.
    std::string temporary = folder_ + "/." + spool_name(what.message_id) + "."
                            + std::to_string(::getpid()) + "." + std::to_string(++number_)
                            + ".part";
    try {
      write_synced(temporary, bytes);
      if (::rename(temporary.c_str(), path.c_str()) != 0)
        fail("rename to " + path, errno);
    } catch (...) {
      ::unlink(temporary.c_str());
      throw;
    }
    sync_folder(folder_);
    log::debug("mail.spooled", {{"message_id", what.message_id}});
  }

private:
  const std::string folder_;
  const std::string from_;
  std::atomic<uint64_t> number_{0};
};

} // namespace

std::unique_ptr<mail_transport> make_spool_transport(std::string folder, std::string from) {
  return std::make_unique<spool>(std::move(folder), std::move(from));
}

} // namespace troupe
