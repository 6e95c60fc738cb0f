#include "http/json_input.hpp"

#include "domain/ids.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace troupe::http {

namespace {

using nlohmann::json;

/// Significant digits of a JSON number's text, without leading and trailing zeros.
size_t significant_digits(std::string_view number) {
  std::string digits;
  for (char c : number.substr(0, number.find_first_of("eE")))
    if (c >= '0' && c <= '9')
      digits.push_back(c);
  auto first = digits.find_first_not_of('0');
  return first == std::string::npos ? 0 : digits.find_last_not_of('0') - first + 1;
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
         || std::string_view("-._~/!$&'()*+,;=:@").find(c) != std::string_view::npos;
}

bool holds_nul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

constexpr size_t safe_digits = 15;

} // namespace

std::string fragment_of(const json_input::pointer& at) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string result = "#";
  for (char c : at.to_string()) {
    auto byte = static_cast<unsigned char>(c);
    if (unreserved(c))
      result.push_back(c);
    else
      result.append({'%', hex[byte >> 4U], hex[byte & 15U]});
  }
  return result;
}

/// Builds the value while it is parsed, so that a limit stops the parser at once.
class json_input::reader : public json::json_sax_t {
public:
  explicit reader(json_input& in) : in_(in) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(json::number_integer_t value) override { return put(value); }
  bool number_unsigned(json::number_unsigned_t value) override { return put(value); }
  bool number_float(json::number_float_t value, const std::string& text) override {
    if (!std::isfinite(value))
      return stop(here(), "is not a finite number");
    if (significant_digits(text) > safe_digits)
      in_.long_numbers_.insert(here().to_string());
    return put(value);
  }
  bool string(std::string& value) override {
    return holds_nul(value) ? stop(here(), "holds a NUL character") : put(std::move(value));
  }
  bool binary(json::binary_t&) override { return stop(here(), "is not JSON"); }

  bool start_object(size_t) override { return open(json::object()); }
  bool start_array(size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    if (holds_nul(name))
      return stop(path_, "has a member name that holds a NUL character");
    if (open_.back()->contains(name))
      return stop(path_ / name, "is there twice");
    key_ = name;
    return true;
  }

  bool parse_error(size_t at, const std::string&, const json::exception& why) override {
    if (dynamic_cast<const json::out_of_range*>(&why) != nullptr)
      return stop(here(), "is not a finite number");
    return stop(pointer(), "is not valid JSON at byte " + std::to_string(at));
  }

private:
  /// Where the next value will stand.
  pointer here() const {
    if (open_.empty())
      return pointer();
    return open_.back()->is_array() ? path_ / open_.back()->size() : path_ / key_;
  }

  bool stop(const pointer& at, std::string detail) {
    in_.complain(at, std::move(detail));
    return false;
  }

  json* place(json&& value) {
    if (open_.empty())
      return &(in_.root_ = std::move(value));
    if (open_.back()->is_array()) {
      open_.back()->push_back(std::move(value));
      return &open_.back()->back();
    }
    return &((*open_.back())[key_] = std::move(value));
  }

  bool put(json value) {
    place(std::move(value));
    return true;
  }

  bool open(json value) {
    if (open_.size() == max_json_depth)
      return stop(here(), "is nested deeper than " + std::to_string(max_json_depth) + " levels");
    auto at = here();
    open_.push_back(place(std::move(value)));
    path_ = at;
    return true;
  }

  bool close() {
    open_.pop_back();
    if (!open_.empty())
      path_.pop_back();
    return true;
  }

  json_input& in_;
  std::vector<json*> open_; ///< objects and arrays that are not yet complete, outermost first
  pointer path_;            ///< of the innermost of them
  std::string key_;         ///< of the member that comes next
};

json_input::json_input(std::string_view text, bool may_be_empty) {
  if (text.empty() && may_be_empty)
    return;
  reader into(*this);
  // nlohmann takes a NUL byte for the end of its input and skips a byte order mark.
  if (text.empty())
    complain(pointer(), "must be a JSON object; the body is empty");
  else if (text.find('\0') != std::string_view::npos || text.starts_with("\xef\xbb\xbf"))
    complain(pointer(), "holds a NUL byte or a byte order mark");
  else if (json::sax_parse(text, &into) && !root_.is_object())
    complain(pointer(), "must be a JSON object");
  if (!good())
    root_ = json::object();
}

const json* json_input::find(const pointer& at) const {
  if (!root_.contains(at))
    return nullptr;
  const auto& value = root_[at];
  return value.is_null() ? nullptr : &value;
}

void json_input::complain_if_absent(const pointer& at) {
  if (find(at) == nullptr)
    complain(at, "is required");
}

void json_input::complain(const pointer& at, std::string detail) {
  complaints_.push_back({fragment_of(at), std::move(detail)});
}

std::optional<std::string> json_input::text(const pointer& at, size_t longest) {
  const auto* value = find(at);
  if (value == nullptr)
    return std::nullopt;
  if (!value->is_string())
    complain(at, "must be a string");
  else if (value->get_ref<const std::string&>().size() > longest)
    complain(at, "must be at most " + std::to_string(longest) + " bytes long");
  else
    return value->get<std::string>();
  return std::nullopt;
}

std::optional<std::string> json_input::id(const pointer& at) {
  const auto* value = find(at);
  if (value == nullptr)
    return std::nullopt;
  if (value->is_string() && valid_id(value->get_ref<const std::string&>()))
    return value->get<std::string>();
  complain(at, "must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -");
  return std::nullopt;
}

std::optional<int64_t> json_input::integer(const pointer& at, int64_t least, int64_t most) {
  const auto* value = find(at);
  if (value == nullptr)
    return std::nullopt;
  auto number = value->is_number() ? value->get<double>() : NAN;
  // Every whole number that a limit of the contract allows has its own double.
  if (std::isfinite(number) && std::trunc(number) == number && number >= double(least)
      && number <= double(most) && !long_numbers_.contains(at.to_string()))
    return static_cast<int64_t>(number);
  complain(at,
           "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<cents> json_input::amount(const pointer& at) {
  const auto* value = find(at);
  if (value == nullptr)
    return std::nullopt;
  if (value->is_number() && !long_numbers_.contains(at.to_string()))
    if (auto result = cents_from_number(value->get<double>()))
      return result;
  complain(at, "must be an amount of at most two decimals, not negative");
  return std::nullopt;
}

} // namespace troupe::http
