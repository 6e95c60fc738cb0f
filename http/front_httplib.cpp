#include "http/front_httplib.hpp"

#include <httplib.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace troupe::http {

namespace {

/// One request in, one response out, in memory. Some members exist only in later versions of
/// httplib, so those are written without `override`.
class memory_stream final : public httplib::Stream {
public:
  explicit memory_stream(std::string_view in) : in_(in) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  bool wait_readable() const { return true; }
  bool wait_writable() const { return true; }
  time_t duration() const { return 0; }

  ssize_t read(char* to, size_t size) override {
    const auto n = std::min(size, in_.size());
    std::memcpy(to, in_.data(), n);
    in_.remove_prefix(n);
    return static_cast<ssize_t>(n);
  }
  ssize_t write(const char* from, size_t size) override {
    out_.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  socket_t socket() const override { return -1; }

  const std::string& out() const { return out_; }

private:
  std::string_view in_;
  std::string out_;
};

/// What httplib wrote, as a plain response. Nothing when it is not one.
std::optional<response> read_response(std::string_view bytes) {
  constexpr std::string_view crlf = "\r\n";
  constexpr size_t status_at = std::string_view("HTTP/1.1 ").size();
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos || bytes.size() < status_at + 3)
    return std::nullopt;
  response out{.headers = {}, .body = std::string(bytes.substr(end + 4)), .content_type = {}};
  std::from_chars(bytes.data() + status_at, bytes.data() + status_at + 3, out.status);
  auto lines = bytes.substr(0, end + 2);
  lines.remove_prefix(lines.find(crlf) + 2);
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find(crlf));
    lines.remove_prefix(line.size() + 2);
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos)
      continue;
    const auto name = line.substr(0, colon);
    if (iequals(name, "Content-Type"))
      out.content_type = line.substr(colon + 2);
    else
      out.headers.emplace_back(name, line.substr(colon + 2));
  }
  return out;
}

} // namespace

class httplib_core::server : private httplib::Server {
public:
  explicit server(int listener) {
    svr_sock_ = listener;
    // The first thing that httplib calls once it has parsed a request. Answering "handled" makes
    // it write an empty answer that nobody reads.
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response&) {
      if (parsed_ == nullptr)
        return HandlerResponse::Unhandled;
      *parsed_ = {request.path, request.params};
      return HandlerResponse::Handled;
    });
  }

  std::optional<parsed_target> parse(std::string_view target) {
    std::optional<parsed_target> out;
    parsed_ = &out;
    run(target, {});
    parsed_ = nullptr;
    return out;
  }

  std::string serve_file(std::string_view target, std::string_view range) {
    return run(target, range);
  }

  bool mount(const std::string& prefix, const std::string& directory) {
    if (!set_mount_point(prefix, directory))
      return false;
    mounted_ = true;
    return true;
  }
  bool mounted() const { return mounted_; }

private:
  std::string run(std::string_view target, std::string_view range) {
    std::string in;
    in.append("GET ").append(target).append(" HTTP/1.1\r\n");
    if (!range.empty())
      in.append("Range: ").append(range).append("\r\n");
    in.append("\r\n");
    memory_stream stream(in);
    process(*this, stream);
    return stream.out();
  }

  /// The signature of `process_request` differs between the versions of httplib.
  template <class Self>
  static void process(Self& self, httplib::Stream& stream) {
    bool closed = false;
    if constexpr (requires { self.process_request(stream, true, closed, nullptr); })
      self.process_request(stream, true, closed, nullptr);
    else
      self.process_request(stream, std::string(), 0, std::string(), 0, true, closed, nullptr);
  }

  std::optional<parsed_target>* parsed_ = nullptr; ///< where to put a parsed target; null: serve
  bool mounted_ = false;
};

httplib_core::httplib_core(int listener) : server_(std::make_unique<server>(listener)) {}

httplib_core::~httplib_core() = default;

std::optional<httplib_core::parsed_target> httplib_core::parse(std::string_view target) {
  // Nothing to decode and no query: it is its own path. Most are asked for so.
  if (target.find_first_of("%?") == std::string_view::npos)
    return parsed_target{std::string(target), {}};
  return server_->parse(target);
}

bool httplib_core::mount(const std::string& url_prefix, const std::string& directory) {
  return server_->mount(url_prefix, directory);
}

bool httplib_core::has_mounts() const {
  return server_->mounted();
}

std::optional<response> httplib_core::file(std::string_view target, std::string_view range) {
  auto out = read_response(server_->serve_file(target, range));
  if (!out || out->status == 404)
    return std::nullopt;
  return out;
}

} // namespace troupe::http
