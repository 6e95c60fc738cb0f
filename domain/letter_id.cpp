#include "domain/letter_id.hpp"

#include "domain/names.hpp"

#include <algorithm>
#include <charconv>

namespace troupe {

namespace {

constexpr names::table<2> letter_states = {"dead", "parked"};

} // namespace

std::optional<service> service_from(std::string_view name) {
  const auto* found = std::find_if(all_services.begin(), all_services.end(),
                                   [&](service s) { return to_string(s) == name; });
  if (found == all_services.end())
    return std::nullopt;
  return *found;
}

std::string_view to_string(letter_state s) {
  return names::name_of(letter_states, s);
}

std::optional<letter_state> letter_state_from(std::string_view name) {
  return names::value_of<letter_state>(letter_states, name);
}

std::string to_string(const letter_id& id) {
  std::string text(to_string(id.of));
  return text.append(1, '-').append(to_string(id.state)).append(1, '-') + std::to_string(id.number);
}

std::optional<letter_id> letter_id_from(std::string_view text) {
  const auto first = text.find('-'), last = text.rfind('-');
  if (first == last)
    return std::nullopt;
  const auto of = service_from(text.substr(0, first));
  const auto state = letter_state_from(text.substr(first + 1, last - first - 1));
  if (!of || !state)
    return std::nullopt;
  letter_id id{*of, *state};
  const auto digits = text.substr(last + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), id.number);
  if (id.number <= 0 || to_string(id) != text)
    return std::nullopt;
  return id;
}

} // namespace troupe
