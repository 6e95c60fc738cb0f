#include "outside/curl_exchange.hpp"

#include <curl/curl.h>

#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

namespace troupe {

namespace {

// An answer is one small JSON object.
constexpr size_t largest_answer = 64UL * 1024;
constexpr size_t largest_headers = 64UL * 1024;

void initialise_once() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK)
    throw std::runtime_error("libcurl cannot be initialised");
}

struct easy_end {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct multi_end {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct list_end {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using easy_ptr = std::unique_ptr<CURL, easy_end>;
using multi_ptr = std::unique_ptr<CURLM, multi_end>;
using list_ptr = std::unique_ptr<curl_slist, list_end>;

list_ptr make_list(const std::vector<std::string>& headers) {
  list_ptr list;
  for (const auto& line : headers) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (!longer)
      throw std::bad_alloc();
    (void)list.release();
    list.reset(longer);
  }
  return list;
}

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  if (curl_easy_setopt(easy, option, value) != CURLE_OK)
    throw std::runtime_error("libcurl refused an option");
}

} // namespace

struct curl_exchange::state {
  CURLM* multi = nullptr;
  list_ptr headers;
  std::string sent; // outlives the request: libcurl reads it in place
  std::string received;
  size_t header_bytes = 0;
  std::string error;
  long status = 0;
  easy_ptr easy;

  static size_t take(char* data, size_t, size_t length, void* self) {
    auto& received = static_cast<state*>(self)->received;
    if (received.size() + length > largest_answer)
      return 0; // ends the exchange with an error
    received.append(data, length);
    return length;
  }

  static size_t count(char*, size_t, size_t length, void* self) {
    auto& bytes = static_cast<state*>(self)->header_bytes;
    bytes += length;
    return bytes > largest_headers ? 0 : length;
  }
};

curl_exchange::curl_exchange(std::unique_ptr<state> s) : state_(std::move(s)) {}

curl_exchange::~curl_exchange() {
  curl_multi_remove_handle(state_->multi, state_->easy.get());
}

const std::string& curl_exchange::error() const {
  return state_->error;
}

long curl_exchange::status() const {
  return state_->status;
}

const std::string& curl_exchange::body() const {
  return state_->received;
}

struct curl_set::state {
  multi_ptr multi;
};

curl_set::curl_set(int connections) : state_(std::make_unique<state>()) {
  initialise_once();
  state_->multi.reset(curl_multi_init());
  if (!state_->multi)
    throw std::bad_alloc();
  curl_multi_setopt(state_->multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(connections));
}

curl_set::~curl_set() = default;

std::unique_ptr<curl_exchange> curl_set::post(const std::string& url,
                                              const std::vector<std::string>& headers,
                                              std::string body, std::chrono::milliseconds limit) {
  return start(url, headers, std::move(body), limit);
}

std::unique_ptr<curl_exchange> curl_set::get(const std::string& url,
                                             std::chrono::milliseconds limit) {
  return start(url, {}, std::nullopt, limit);
}

std::unique_ptr<curl_exchange> curl_set::start(const std::string& url,
                                               const std::vector<std::string>& headers,
                                               std::optional<std::string> body,
                                               std::chrono::milliseconds limit) {
  auto s = std::make_unique<curl_exchange::state>();
  s->easy.reset(curl_easy_init());
  if (!s->easy)
    throw std::bad_alloc();
  CURL* easy = s->easy.get();
  set(easy, CURLOPT_URL, url.c_str());
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_PROXY, "");
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_TCP_NODELAY, 1L);
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limit.count()));
  set(easy, CURLOPT_WRITEFUNCTION, &curl_exchange::state::take);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(s.get()));
  set(easy, CURLOPT_HEADERFUNCTION, &curl_exchange::state::count);
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(s.get()));
  if (body) {
    s->sent = std::move(*body);
    auto lines = headers;
    lines.emplace_back("Expect:"); // one packet, not two
    s->headers = make_list(lines);
    set(easy, CURLOPT_HTTPHEADER, s->headers.get());
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(s->sent.size()));
    set(easy, CURLOPT_POSTFIELDS, s->sent.data());
  }
  s->multi = state_->multi.get();
  auto exchange = std::unique_ptr<curl_exchange>(new curl_exchange(std::move(s)));
  set(easy, CURLOPT_PRIVATE, static_cast<void*>(exchange.get()));
  if (curl_multi_add_handle(state_->multi.get(), easy) != CURLM_OK)
    throw std::runtime_error("libcurl refused an exchange");
  return exchange;
}

std::vector<curl_exchange*> curl_set::perform() {
  int running = 0;
  curl_multi_perform(state_->multi.get(), &running);
  std::vector<curl_exchange*> over;
  int left = 0;
  while (CURLMsg* note = curl_multi_info_read(state_->multi.get(), &left)) {
    if (note->msg != CURLMSG_DONE)
      continue;
    char* self = nullptr;
    curl_easy_getinfo(note->easy_handle, CURLINFO_PRIVATE, &self);
    auto* exchange = static_cast<curl_exchange*>(static_cast<void*>(self));
    if (note->data.result == CURLE_OK)
      curl_easy_getinfo(note->easy_handle, CURLINFO_RESPONSE_CODE, &exchange->state_->status);
    else
      exchange->state_->error = curl_easy_strerror(note->data.result);
    over.push_back(exchange);
  }
  return over;
}

void curl_set::wait(std::chrono::milliseconds at_most) {
  curl_multi_poll(state_->multi.get(), nullptr, 0, static_cast<int>(at_most.count()), nullptr);
}

void curl_set::wake() {
  curl_multi_wakeup(state_->multi.get());
}

} // namespace troupe
