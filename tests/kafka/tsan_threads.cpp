// ThreadSanitizer knows POSIX threads but not the C11 ones that librdkafka uses: a thread that it
// has not seen begin crashes in its allocator. Under it these definitions stand in front of the C
// library's and do the same through POSIX, so that threads and locks of the library are seen.

#ifdef __SANITIZE_THREAD__

#include <cerrno>
#include <memory>
#include <pthread.h>
#include <threads.h>

namespace {

struct start {
  thrd_start_t run;
  void* with;
};

void* trampoline(void* raw) {
  const std::unique_ptr<start> s(static_cast<start*>(raw));
  return reinterpret_cast<void*>(static_cast<intptr_t>(s->run(s->with)));
}

int result(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case ETIMEDOUT:
      return thrd_timedout;
    case EBUSY:
      return thrd_busy;
    default:
      return thrd_error;
  }
}

pthread_mutex_t* posix(mtx_t* m) {
  static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t));
  return reinterpret_cast<pthread_mutex_t*>(m);
}

pthread_cond_t* posix(cnd_t* c) {
  static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t));
  return reinterpret_cast<pthread_cond_t*>(c);
}

} // namespace

extern "C" {

/// The library counts references with atomics that are not instrumented.
const char* __tsan_default_suppressions() {
  return "race:librdkafka\n";
}

int thrd_create(thrd_t* thread, thrd_start_t run, void* with) {
  auto s = std::make_unique<start>(start{run, with});
  const int error = pthread_create(thread, nullptr, trampoline, s.get());
  if (error == 0)
    (void)s.release();
  return result(error);
}

int thrd_join(thrd_t thread, int* code) {
  void* value = nullptr;
  const int error = pthread_join(thread, &value);
  if (code != nullptr)
    *code = static_cast<int>(reinterpret_cast<intptr_t>(value));
  return result(error);
}

int mtx_init(mtx_t* m, int type) noexcept {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, (type & mtx_recursive) != 0 ? PTHREAD_MUTEX_RECURSIVE
                                                                     : PTHREAD_MUTEX_NORMAL);
  const int error = pthread_mutex_init(posix(m), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return result(error);
}

void mtx_destroy(mtx_t* m) noexcept {
  pthread_mutex_destroy(posix(m));
}
int mtx_lock(mtx_t* m) {
  return result(pthread_mutex_lock(posix(m)));
}
int mtx_unlock(mtx_t* m) noexcept {
  return result(pthread_mutex_unlock(posix(m)));
}

int cnd_init(cnd_t* c) noexcept {
  return result(pthread_cond_init(posix(c), nullptr));
}
void cnd_destroy(cnd_t* c) noexcept {
  pthread_cond_destroy(posix(c));
}
int cnd_signal(cnd_t* c) noexcept {
  return result(pthread_cond_signal(posix(c)));
}
int cnd_broadcast(cnd_t* c) noexcept {
  return result(pthread_cond_broadcast(posix(c)));
}
int cnd_wait(cnd_t* c, mtx_t* m) {
  return result(pthread_cond_wait(posix(c), posix(m)));
}
int cnd_timedwait(cnd_t* c, mtx_t* m, const timespec* until) {
  return result(pthread_cond_timedwait(posix(c), posix(m), until));
}

} // extern "C"

#endif
