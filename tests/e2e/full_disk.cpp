// A disk that can be full, for a program into which this is loaded (LD_PRELOAD): while the file
// exists that FULL_DISK names, whatever would make another file longer fails with ENOSPC. Where
// nobody may mount a small file system.

#include <cerrno>
#include <cstdlib>
#include <dlfcn.h>

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

bool refused(int file, off_t end) {
  static const char* const mark = std::getenv("FULL_DISK");
  struct stat now {};
  if (mark == nullptr || access(mark, F_OK) != 0 || fstat(file, &now) != 0 || !S_ISREG(now.st_mode)
      || end <= now.st_size)
    return false;
  errno = ENOSPC;
  return true;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" {

ssize_t write(int file, const void* data, size_t size) {
  static auto* const to = real<decltype(write)>("write");
  const auto at = lseek(file, 0, SEEK_CUR);
  return at >= 0 && refused(file, at + static_cast<off_t>(size)) ? -1 : to(file, data, size);
}

ssize_t pwrite(int file, const void* data, size_t size, off_t at) {
  static auto* const to = real<decltype(pwrite)>("pwrite");
  return refused(file, at + static_cast<off_t>(size)) ? -1 : to(file, data, size, at);
}

ssize_t pwritev(int file, const iovec* parts, int count, off_t at) {
  static auto* const to = real<decltype(pwritev)>("pwritev");
  auto end = at;
  for (int i = 0; i < count; ++i)
    end += static_cast<off_t>(parts[i].iov_len);
  return refused(file, end) ? -1 : to(file, parts, count, at);
}

} // extern "C"
