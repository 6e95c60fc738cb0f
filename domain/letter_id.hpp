#pragma once
// Names of what a service could not apply, as the admin sees them: `inventory-dead-17`. Clients
// take them as they are; they say service and kind, never change, and are safe in URLs. Pure.

#include "domain/event.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

inline constexpr std::array all_services
    = {service::order, service::payment, service::inventory, service::emailing};

std::optional<service> service_from(std::string_view name);

/// `dead`: can never be applied as it is, waits for the admin. `parked`: too early, waits for its
/// order.
enum class letter_state : uint8_t { dead, parked };
std::string_view to_string(letter_state s);
std::optional<letter_state> letter_state_from(std::string_view name);

struct letter_id {
  service of = service::order;
  letter_state state = letter_state::dead;
  int64_t number = 0; ///< its row's, in the service's database
  auto operator<=>(const letter_id&) const = default;
};

std::string to_string(const letter_id& id);
/// What `to_string` makes `text` of; nothing for any other text.
std::optional<letter_id> letter_id_from(std::string_view text);

} // namespace troupe
