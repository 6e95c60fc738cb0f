#include "actors/faults.hpp"

#include <caf/all.hpp>

#include <array>

namespace troupe {

namespace {

constexpr std::array<std::string_view, 15> names = {"none",
                                                    "not_found",
                                                    "wrong_state",
                                                    "payment_in_progress",
                                                    "order_cancelled",
                                                    "impossible",
                                                    "key_reused",
                                                    "busy",
                                                    "not_owner",
                                                    "unavailable",
                                                    "quarantined",
                                                    "internal",
                                                    "id_taken",
                                                    "moved_on",
                                                    "key_in_progress"};

const auto category = caf::atom("troupe");

} // namespace

std::string_view to_string(fault f) {
  return names.at(static_cast<size_t>(f));
}

caf::error make_fault(fault f, std::string detail) {
  return {static_cast<uint8_t>(f), category, caf::make_message(std::move(detail))};
}

fault fault_of(const caf::error& e) {
  if (!e)
    return fault::none;
  if (e.category() != category || e.code() >= names.size())
    return fault::unavailable;
  return static_cast<fault>(e.code());
}

std::string detail_of(const caf::error& e) {
  if (e.category() == category && e.context().match_elements<std::string>())
    return e.context().get_as<std::string>(0);
  return {};
}

fault fault_from(refusal r) {
  switch (r) {
    case refusal::none:
      return fault::none;
    case refusal::wrong_state:
      return fault::wrong_state;
    case refusal::payment_in_progress:
      return fault::payment_in_progress;
    case refusal::order_cancelled:
      return fault::order_cancelled;
  }
  return fault::internal;
}

} // namespace troupe
