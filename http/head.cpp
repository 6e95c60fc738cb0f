#include "http/head.hpp"

#include "http/field_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace troupe::http {

namespace {

using outcome = std::optional<refusal>;

constexpr std::string_view crlf = "\r\n";

bool is_token(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), is_token_char);
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Visible ASCII without a fragment, and every percent sign starts a byte that is not NUL.
bool is_clean_target(std::string_view target) {
  for (size_t i = 0; i < target.size(); ++i) {
    const char c = target[i];
    if (c <= 0x20 || c >= 0x7f || c == '#')
      return false;
    if (c != '%')
      continue;
    if (i + 2 >= target.size() || !is_hex(target[i + 1]) || !is_hex(target[i + 2]))
      return false;
    if (target.substr(i + 1, 2) == "00")
      return false;
  }
  return true;
}

bool starts_with_scheme(std::string_view target, std::string_view scheme) {
  return target.size() > scheme.size() && iequals(target.substr(0, scheme.size()), scheme);
}

/// Splits an absolute target into authority and origin form; leaves the other forms.
outcome take_target(std::string_view target, request_head& head) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!starts_with_scheme(target, scheme))
      continue;
    target.remove_prefix(scheme.size());
    const auto end = std::min(target.find_first_of("/?"), target.size());
    head.authority = target.substr(0, end);
    head.target = target.substr(end);
    if (!head.target.starts_with('/'))
      head.target.insert(0, 1, '/');
    if (head.authority.empty())
      return refusal{.detail = "the target has no host"};
    return std::nullopt;
  }
  if (!target.starts_with('/') && !(target == "*" && head.method == "OPTIONS")
      && head.method != "CONNECT")
    return refusal{.detail = "the target is not a path"};
  head.target = target;
  return std::nullopt;
}

outcome take_version(std::string_view version, request_head& head) {
  constexpr std::string_view prefix = "HTTP/";
  const bool shaped = version.size() == 8 && version.starts_with(prefix) && version[6] == '.'
                      && version[5] >= '0' && version[5] <= '9' && version[7] >= '0'
                      && version[7] <= '9';
  if (!shaped)
    return refusal{.detail = "the request line is malformed"};
  if (version[5] != '1')
    return refusal{505, "version_not_supported", "this server speaks HTTP/1.1"};
  head.http_1_0 = version[7] == '0';
  return std::nullopt;
}

outcome take_request_line(std::string_view line, const framing_limits& limits, request_head& head) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return refusal{.detail = "the request line is malformed"};
  const auto target = line.substr(first + 1, last - first - 1);
  head.method = line.substr(0, first);
  if (!is_token(head.method))
    return refusal{.detail = "the request line is malformed"};
  if (target.size() > limits.max_target)
    return refusal{414, "uri_too_long", "the URI is too long"};
  if (!is_clean_target(target))
    return refusal{.detail = "the target has characters that it must not have"};
  if (const auto bad = take_version(line.substr(last + 1), head))
    return bad;
  return take_target(target, head);
}

outcome take_content_length(std::string_view value, const framing_limits& limits,
                            request_head& head) {
  if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos)
    return refusal{.detail = "Content-Length is not one number"};
  const auto [end, error]
      = std::from_chars(value.data(), value.data() + value.size(), head.content_length);
  if (error != std::errc{} || head.content_length > limits.max_body)
    return refusal{413, "body_too_large", "the body is too large"};
  return std::nullopt;
}

template <class F>
void each_token(std::string_view list, F&& f) {
  while (true) {
    const auto comma = std::min(list.find(','), list.size());
    f(trimmed(list.substr(0, comma)));
    if (comma == list.size())
      return;
    list.remove_prefix(comma + 1);
  }
}

/// What the fields say about framing, gathered before it is judged.
struct framing_fields {
  size_t hosts = 0;
  size_t lengths = 0;
  size_t codings = 0;
  std::string_view length;
  std::string_view coding;
  std::string_view expect;
  bool encoded = false;
  bool close = false;
  bool keep_alive = false;
};

framing_fields gather(const request_head& head, std::string_view& host) {
  framing_fields out;
  for (const auto& [name, value] : head.headers) {
    if (iequals(name, "Host")) {
      ++out.hosts;
      host = value;
    } else if (iequals(name, "Content-Length")) {
      ++out.lengths;
      out.length = value;
    } else if (iequals(name, "Transfer-Encoding")) {
      ++out.codings;
      out.coding = value;
    } else if (iequals(name, "Content-Encoding")) {
      out.encoded = true;
    } else if (iequals(name, "Expect")) {
      out.expect = value;
    } else if (iequals(name, "Connection")) {
      each_token(value, [&](std::string_view token) {
        out.close |= iequals(token, "close");
        out.keep_alive |= iequals(token, "keep-alive");
      });
    }
  }
  return out;
}

outcome judge_body(const framing_fields& fields, const framing_limits& limits, request_head& head) {
  if (fields.lengths > 1)
    return refusal{.detail = "more than one Content-Length"};
  if (fields.codings > 0) {
    if (fields.lengths > 0)
      return refusal{.detail = "both Transfer-Encoding and Content-Length"};
    if (fields.codings > 1 || head.http_1_0)
      return refusal{.detail = "Transfer-Encoding is not allowed here"};
    if (!iequals(fields.coding, "chunked"))
      return refusal{501, "coding_not_supported", "the only transfer coding is chunked"};
    head.chunked = true;
  } else if (fields.lengths == 1) {
    if (const auto bad = take_content_length(fields.length, limits, head))
      return bad;
  }
  if (fields.encoded)
    return refusal{415, "encoding_not_supported", "bodies are read without Content-Encoding"};
  return std::nullopt;
}

outcome judge(const framing_limits& limits, request_head& head) {
  std::string_view host;
  const auto fields = gather(head, host);
  if (fields.hosts > 1 || (fields.hosts == 0 && !head.http_1_0))
    return refusal{.detail = "exactly one Host is needed"};
  if (fields.hosts == 1 && host.empty())
    return refusal{.detail = "Host is empty"};
  if (head.authority.empty())
    head.authority = host;
  if (const auto bad = judge_body(fields, limits, head))
    return bad;
  head.keep_alive = !fields.close && (!head.http_1_0 || fields.keep_alive);
  if (!fields.expect.empty() && !head.http_1_0) {
    if (!iequals(fields.expect, "100-continue"))
      return refusal{417, "expectation_failed", "the only expectation is 100-continue"};
    head.expects_continue = head.chunked || head.content_length > 0;
  }
  return std::nullopt;
}

} // namespace

bool is_token_char(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || marks.find(c) != std::string_view::npos;
}

std::optional<std::pair<std::string_view, std::string_view>> parse_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return std::nullopt;
  const auto value = trimmed(line.substr(colon + 1));
  const auto forbidden
      = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; };
  if (std::any_of(value.begin(), value.end(), forbidden))
    return std::nullopt;
  return std::pair{line.substr(0, colon), value};
}

std::variant<request_head, refusal> parse_head(std::string_view bytes,
                                               const framing_limits& limits) {
  request_head head;
  auto end = bytes.find(crlf);
  if (end == std::string_view::npos)
    return refusal{.detail = "the request line is malformed"};
  if (const auto bad = take_request_line(bytes.substr(0, end), limits, head))
    return *bad;
  for (auto from = end + crlf.size();; from = end + crlf.size()) {
    end = bytes.find(crlf, from);
    if (end == std::string_view::npos || end == from)
      break;
    const auto field = parse_field(bytes.substr(from, end - from));
    if (!field)
      return refusal{.detail = "a header line is malformed"};
    if (head.headers.size() == limits.max_fields)
      return refusal{431, "headers_too_large", "too many header lines"};
    head.headers.emplace_back(field->first, field->second);
  }
  if (const auto bad = judge(limits, head))
    return *bad;
  return head;
}

} // namespace troupe::http
