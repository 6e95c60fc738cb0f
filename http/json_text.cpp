#include "http/json_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace troupe::http {

namespace {

bool needs_escaping(char c) {
  return c < ' ' || c > '~' || c == '"' || c == '\\'; // and what is not ASCII, to be looked at
}

} // namespace

std::string& json_text::next() {
  if (!out_.empty() && std::string_view("{[:").find(out_.back()) == std::string_view::npos)
    out_.push_back(',');
  return out_;
}

json_text& json_text::open(char bracket) {
  next().push_back(bracket);
  return *this;
}

json_text& json_text::close(char bracket) {
  out_.push_back(bracket);
  return *this;
}

json_text& json_text::name(std::string_view member) {
  next().append("\"").append(member).append("\":");
  return *this;
}

json_text& json_text::value(std::string_view text) {
  using nlohmann::json;
  if (std::any_of(text.begin(), text.end(), needs_escaping))
    return raw(json(text).dump(-1, ' ', false, json::error_handler_t::replace));
  next().append("\"").append(text).append("\"");
  return *this;
}

json_text& json_text::value(int64_t number) {
  next().append(std::to_string(number));
  return *this;
}

json_text& json_text::money(cents amount) {
  next().append(std::to_string(amount / 100)).append(".");
  out_.push_back(static_cast<char>('0' + amount / 10 % 10));
  if (amount % 10 != 0)
    out_.push_back(static_cast<char>('0' + amount % 10));
  return *this;
}

json_text& json_text::raw(std::string_view json) {
  next().append(json);
  return *this;
}

} // namespace troupe::http
