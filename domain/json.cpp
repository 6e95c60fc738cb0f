#include "domain/json.hpp"

namespace troupe {

namespace {

/// Length of the valid UTF-8 character that `text` starts with; 0 when it starts with none.
size_t character_length(std::string_view text) {
  const auto at = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : 0U; };
  const auto tail = [&](size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const unsigned first = at(0);
  if (first < 0x80)
    return 1;
  if (first >= 0xC2 && first <= 0xDF)
    return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && at(1) < 0xA0;
    const bool surrogate = first == 0xED && at(1) >= 0xA0;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && at(1) < 0x90;
    const bool too_large = first == 0xF4 && at(1) >= 0x90;
    return tail(1) && tail(2) && tail(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

} // namespace

std::string canonical(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::json json_money(cents amount) {
  return number_from_cents(amount);
}

event make_event(std::string_view topic, std::string key, const nlohmann::json& value,
                 const std::string& traceparent) {
  return {std::string(topic), std::move(key), canonical(value), traceparent};
}

std::string plain_text(std::string_view text, size_t longest) {
  std::string out;
  while (!text.empty()) {
    const size_t length = character_length(text);
    const auto first = static_cast<uint8_t>(text.front());
    std::string_view kept = text.substr(0, length);
    if (length == 0)
      kept = "\xEF\xBF\xBD"; // U+FFFD
    else if (first < 0x20 || first == 0x7F)
      kept = " ";
    if (out.size() + kept.size() > longest)
      break;
    out += kept;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

} // namespace troupe
