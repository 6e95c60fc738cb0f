#include "sim/web_client.hpp"

#include "sim/curl_handles.hpp"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <sys/epoll.h>

namespace troupe::sim {

namespace {

constexpr size_t largest_answer = 16UL * 1024 * 1024;

} // namespace

/// Connections are kept by a share of their own: in the pool of the multi handle any customer would
/// get any other's.
struct web_client::browser {
  web_client::impl& client;
  std::unique_ptr<CURLSH, share_end> connections = {};
  std::vector<easy_ptr> idle = {}; // gone before their connections
  std::optional<size_t> node = {}; // that its connections go to
  bool bound = false;              // to that one, whatever becomes of it

  explicit browser(web_client::impl& of);
  size_t choose_node();
};

struct web_client::impl final : load_loop::listener {
  load_loop& loop;
  balancer nodes;
  std::unique_ptr<CURLM, multi_end> multi;
  std::optional<load_loop::timer> timer;

  impl(load_loop& on, const std::vector<std::string>& urls) : loop(on), nodes(urls) {}
  void on_ready(int fd, uint32_t events) override;
  void act(curl_socket_t socket, int what);
  void finish_all();
  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*);
  static int on_timer(CURLM*, long after_ms, void* self);
};

struct web_client::transfer {
  browser& by;
  bool streams;
  web_request sent; // outlives the request: libcurl reads its body in place
  list_ptr headers;
  easy_ptr easy;
  web_answer answer = {};
  event_reader events = {};
  std::coroutine_handle<> waiting = {};
  std::function<void(const web_answer&)> on_end = {};
  std::optional<load_loop::timer> alarm = {};
  load_loop::time_point begun = load_loop::clock::now();
  size_t node = 0;    // that it goes to
  bool moved = false; // there from another one, which refused it
  bool asked = false; // the request has gone out, or a part of it
  bool over = false;

  ~transfer();
  void begin();
  void add(std::chrono::milliseconds limit);
  bool try_another_node();
  void finish(CURLcode how);
  void wake();
  static size_t take(char* data, size_t, size_t length, void* self);
  static size_t take_header(char* data, size_t, size_t length, void* self);
  static int ask_once(void* self, char*, char*, int, int);
};

int web_client::impl::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto& me = *static_cast<impl*>(self);
  uint32_t events = 0;
  if ((what & CURL_POLL_IN) != 0)
    events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0)
    events |= EPOLLOUT;
  try { // nothing may be thrown through libcurl
    if (what == CURL_POLL_REMOVE)
      me.loop.unwatch(socket);
    else
      me.loop.watch(socket, events, me);
  } catch (const std::system_error&) {
    return -1;
  }
  return 0;
}

int web_client::impl::on_timer(CURLM*, long after_ms, void* self) {
  auto& me = *static_cast<impl*>(self);
  if (auto old = std::exchange(me.timer, std::nullopt))
    me.loop.cancel_timer(*old);
  if (after_ms >= 0)
    me.timer
        = me.loop.set_timer(load_loop::clock::now() + std::chrono::milliseconds(after_ms), [&me] {
            me.timer.reset();
            me.act(CURL_SOCKET_TIMEOUT, 0);
          });
  return 0;
}

void web_client::impl::on_ready(int fd, uint32_t events) {
  int what = 0;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
    what |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0)
    what |= CURL_CSELECT_OUT;
  if ((events & EPOLLERR) != 0)
    what |= CURL_CSELECT_ERR;
  act(fd, what);
}

void web_client::impl::act(curl_socket_t socket, int what) {
  int running = 0;
  curl_multi_socket_action(multi.get(), socket, what, &running);
  finish_all();
}

void web_client::impl::finish_all() {
  int left = 0;
  while (CURLMsg* note = curl_multi_info_read(multi.get(), &left)) {
    if (note->msg != CURLMSG_DONE)
      continue;
    const auto how = note->data.result;
    char* of = nullptr;
    curl_easy_getinfo(note->easy_handle, CURLINFO_PRIVATE, &of);
    static_cast<transfer*>(static_cast<void*>(of))->finish(how);
  }
}

web_client::browser::browser(web_client::impl& of) : client(of), connections(curl_share_init()) {
  if (!connections
      || curl_share_setopt(connections.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT)
             != CURLSHE_OK)
    throw std::runtime_error("libcurl cannot keep connections");
}

size_t web_client::browser::choose_node() {
  if (!bound)
    node = client.nodes.node_for(node);
  return *node;
}

size_t web_client::transfer::take(char* data, size_t, size_t length, void* self) {
  auto& me = *static_cast<transfer*>(self);
  if (me.streams && me.answer.status == 200) {
    if (!me.events.take({data, length}))
      return 0; // ends the transfer with an error
    if (!me.events.empty())
      me.wake();
    return length;
  }
  if (me.answer.body.size() + length > largest_answer)
    return 0;
  me.answer.body.append(data, length);
  return length;
}

/// Of streams only: an empty line ends the head.
size_t web_client::transfer::take_header(char* data, size_t, size_t length, void* self) {
  auto& me = *static_cast<transfer*>(self);
  if (length <= 2 && (length == 0 || data[0] == '\r' || data[0] == '\n')) {
    long status = 0;
    curl_easy_getinfo(me.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    me.answer.status = static_cast<int>(status);
    me.wake();
  }
  return length;
}

/// Called before a request goes out. libcurl sends it again, whatever its method, when a kept
/// connection ends without an answer: but what a customer asks twice must be the customer's own
/// doing, unless it only reads.
int web_client::transfer::ask_once(void* self, char*, char*, int, int) {
  auto& me = *static_cast<transfer*>(self);
  if (std::exchange(me.asked, true) && me.sent.method != "GET")
    return CURL_PREREQFUNC_ABORT;
  if (!me.by.bound)
    me.by.client.nodes.sent(me.node);
  return CURL_PREREQFUNC_OK;
}

void web_client::transfer::wake() {
  if (auto set = std::exchange(alarm, std::nullopt))
    by.client.loop.cancel_alarm(*set);
  if (auto who = std::exchange(waiting, nullptr))
    by.client.loop.resume_soon(who);
}

void web_client::transfer::begin() {
  CURL* e = easy.get();
  set(e, CURLOPT_SHARE, static_cast<void*>(by.connections.get()));
  set(e, CURLOPT_PRIVATE, static_cast<void*>(this));
  set(e, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(e, CURLOPT_PROXY, "");
  set(e, CURLOPT_NOSIGNAL, 1L);
  set(e, CURLOPT_PREREQFUNCTION, &ask_once);
  set(e, CURLOPT_PREREQDATA, static_cast<void*>(this));
  set(e, CURLOPT_WRITEFUNCTION, &take);
  set(e, CURLOPT_WRITEDATA, static_cast<void*>(this));
  if (streams) {
    set(e, CURLOPT_HEADERFUNCTION, &take_header);
    set(e, CURLOPT_HEADERDATA, static_cast<void*>(this));
  }
  for (const auto& line : sent.headers)
    append(headers, line);
  if (sent.method != "GET") {
    append(headers, "Expect:"); // one packet, not two
    append(headers, "Content-Type: application/json");
    set(e, CURLOPT_POST, 1L);
    set(e, CURLOPT_CUSTOMREQUEST, sent.method.c_str());
    set(e, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(sent.body.size()));
    set(e, CURLOPT_POSTFIELDS, sent.body.c_str());
  }
  set(e, CURLOPT_HTTPHEADER, headers.get());
  add(sent.limit);
}

void web_client::transfer::add(std::chrono::milliseconds limit) {
  CURL* e = easy.get();
  node = by.choose_node();
  set(e, CURLOPT_URL, (by.client.nodes.url(node) + sent.target).c_str());
  set(e, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limit.count()));
  set(e, CURLOPT_TIMEOUT_MS, streams ? 0L : static_cast<long>(limit.count()));
  if (curl_multi_add_handle(by.client.multi.get(), e) != CURLM_OK)
    throw std::runtime_error("libcurl refused a request");
}

/// After it was refused a connection, within what is left of its time. False: it stays as it is.
bool web_client::transfer::try_another_node() {
  const auto left
      = sent.limit
        - std::chrono::duration_cast<std::chrono::milliseconds>(load_loop::clock::now() - begun);
  if (asked || by.bound || by.client.nodes.size() == 1 || left.count() <= 0
      || std::exchange(moved, true))
    return false;
  curl_multi_remove_handle(by.client.multi.get(), easy.get());
  add(left);
  return true;
}

void web_client::transfer::finish(CURLcode how) {
  if (how != CURLE_OK && how != CURLE_OPERATION_TIMEDOUT && !heard_anything(easy.get())) {
    by.client.nodes.failed(node, load_loop::clock::now());
    if (how == CURLE_COULDNT_CONNECT && try_another_node())
      return;
  }
  if (how == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    answer.how = ending::answered;
    answer.status = static_cast<int>(status);
    answer.etag = header(easy.get(), "ETag");
    answer.link = header(easy.get(), "Link");
    answer.replayed = header(easy.get(), "Idempotent-Replayed") == "true";
  } else {
    answer.how = how == CURLE_OPERATION_TIMEDOUT ? ending::timed_out : ending::broken;
    answer.error = curl_easy_strerror(how);
    if (!streams)
      answer.status = 0; // half an answer is none
  }
  over = true;
  curl_multi_remove_handle(by.client.multi.get(), easy.get());
  wake();
  if (on_end)
    on_end(answer);
}

web_client::transfer::~transfer() {
  if (alarm)
    by.client.loop.cancel_alarm(*alarm);
  if (!over) // libcurl closes its connection
    curl_multi_remove_handle(by.client.multi.get(), easy.get());
  curl_easy_reset(easy.get());
  by.idle.push_back(std::move(easy));
}

void web_client::transfer_end::operator()(transfer* t) const {
  delete t;
}

web_client::transfer_ptr web_client::start(browser& by, web_request what, bool streams) {
  easy_ptr easy;
  if (!by.idle.empty()) {
    easy = std::move(by.idle.back());
    by.idle.pop_back();
  } else {
    easy.reset(curl_easy_init());
  }
  if (!easy)
    throw std::bad_alloc();
  transfer_ptr made(new transfer{by, streams, std::move(what), nullptr, std::move(easy)});
  made->begin();
  return made;
}

web_client::web_client(load_loop& loop, const std::vector<std::string>& urls)
    : impl_(std::make_unique<impl>(loop, urls)) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  impl_->multi.reset(curl_multi_init());
  if (ready != CURLE_OK || !impl_->multi)
    throw std::runtime_error("libcurl cannot be initialised");
  CURLM* multi = impl_->multi.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &impl::on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, static_cast<void*>(impl_.get()));
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &impl::on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, static_cast<void*>(impl_.get()));
}

web_client::~web_client() {
  if (impl_->timer)
    impl_->loop.cancel_timer(*impl_->timer);
}

load_loop& web_client::loop() const {
  return impl_->loop;
}

balancer& web_client::nodes() const {
  return impl_->nodes;
}

web_exchange::web_exchange(web_client::transfer_ptr of) : transfer_(std::move(of)) {}
web_exchange::~web_exchange() = default;

bool web_exchange::await_ready() const noexcept {
  return transfer_->over;
}

void web_exchange::await_suspend(std::coroutine_handle<> who) noexcept {
  transfer_->waiting = who;
}

web_answer web_exchange::await_resume() {
  auto answer = std::move(transfer_->answer);
  transfer_.reset();
  return answer;
}

void web_exchange::on_end(std::function<void(const web_answer&)> then) {
  transfer_->on_end = std::move(then);
}

web_stream::web_stream(web_client::transfer_ptr of) : transfer_(std::move(of)) {}
web_stream::~web_stream() = default;

bool web_stream::turn::await_ready() const {
  const bool news = only_head ? of.answer.status != 0 : !of.events.empty();
  return news || of.over || of.by.client.loop.awake();
}

void web_stream::turn::await_suspend(std::coroutine_handle<> who) {
  of.waiting = who;
  of.alarm = of.by.client.loop.set_alarm(until, [&t = of] {
    t.alarm.reset();
    t.wake();
  });
}

std::optional<stream_event> web_stream::turn::await_resume() {
  return only_head ? std::nullopt : of.events.next();
}

int web_stream::status() const {
  return transfer_->answer.status;
}

bool web_stream::ended() const {
  return transfer_->over && transfer_->events.empty();
}

bool web_stream::broken() const {
  return transfer_->over && transfer_->answer.how != ending::answered;
}

web_session::web_session(web_client& client) : browser_(new web_client::browser(*client.impl_)) {}

web_session::web_session(web_client& client, size_t node) : web_session(client) {
  browser_->node = node;
  browser_->bound = true;
}

web_session::web_session(web_session&&) noexcept = default;
web_session::~web_session() = default;

web_exchange web_session::send(web_request what) {
  return web_exchange(web_client::start(*browser_, std::move(what), false));
}

web_stream web_session::follow(web_request what) {
  return web_stream(web_client::start(*browser_, std::move(what), true));
}

} // namespace troupe::sim
