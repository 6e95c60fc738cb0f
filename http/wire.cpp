#include "http/wire.hpp"

#include "http/head.hpp"

#include <algorithm>
#include <array>
#include <ctime>

namespace troupe::http {

namespace {

constexpr std::array<std::string_view, 6> owned_by_the_front
    = {"Content-Length", "Connection", "Keep-Alive", "Transfer-Encoding", "Date", "Content-Type"};

bool may_pass(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_token_char)
         && std::none_of(owned_by_the_front.begin(), owned_by_the_front.end(),
                         [&](std::string_view own) { return iequals(name, own); });
}

void add(std::string& to, std::string_view name, std::string_view value) {
  to.append(name).append(": ");
  for (const char c : value) {
    // A line break in a value would let whoever chose it write headers of their own.
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    to.push_back(control ? ' ' : c);
  }
  to.append("\r\n");
}

/// The present time as IMF-fixdate, made once a second and thread.
const std::string& date_now() {
  thread_local std::time_t made_at = 0;
  thread_local std::string text;
  const auto now = std::time(nullptr);
  if (now != made_at) {
    static constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months
        = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm t{};
    gmtime_r(&now, &t);
    std::array<char, 64> buffer{};
    const auto n = std::strftime(buffer.data(), buffer.size(), "%d %%s %Y %H:%M:%S GMT", &t);
    text = std::string(buffer.data(), n);
    text.replace(text.find("%s"), 2, months.at(static_cast<size_t>(t.tm_mon)));
    text.insert(0, std::string(days.at(static_cast<size_t>(t.tm_wday))) + ", ");
    made_at = now;
  }
  return text;
}

/// And the Date.
std::string status_line(int status) {
  std::string head;
  head.reserve(512);
  head.append("HTTP/1.1 ").append(std::to_string(status)).append(" ");
  head.append(reason_phrase(status)).append("\r\n");
  add(head, "Date", date_now());
  return head;
}

void add_common_headers(std::string& head, const response& answer, const wire_options& how) {
  add(head, "X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : answer.headers)
    if (may_pass(name))
      add(head, name, value);
  if (how.vary_origin)
    add(head, "Vary", "Origin");
  if (!how.cors_origin.empty()) {
    add(head, "Access-Control-Allow-Origin", how.cors_origin);
    add(head, "Access-Control-Expose-Headers", cors_exposed);
  }
}

} // namespace

wire_answer write(response answer, const wire_options& how) {
  wire_answer out{.status = answer.status, .head = status_line(answer.status), .body = {}};
  auto& head = out.head;
  const bool bodiless = answer.status < 200 || answer.status == 204 || answer.status == 304;
  if (!bodiless) {
    if (!answer.body.empty() && !answer.content_type.empty())
      add(head, "Content-Type", answer.content_type);
    add(head, "Content-Length", std::to_string(answer.body.size()));
  }
  add_common_headers(head, answer, how);
  if (!bodiless && !how.to_head)
    out.body = std::move(answer.body);
  return out;
}

wire_answer write_stream_head(const response& answer, const wire_options& how) {
  wire_answer out{.status = answer.status, .head = status_line(answer.status), .body = {}};
  add(out.head, "Content-Type", answer.content_type);
  add_common_headers(out.head, answer, how);
  return out;
}

} // namespace troupe::http
