#pragma once
// Enum values and their names, for the `to_string` and `…_from` functions of this folder.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace troupe::names {

/// Names in the order of the enum's values, which count from 0.
template <size_t N>
using table = std::array<std::string_view, N>;

template <class Enum, size_t N>
constexpr std::string_view name_of(const table<N>& names, Enum value) {
  const auto i = static_cast<size_t>(value);
  return i < N ? names[i] : std::string_view{};
}

template <class Enum, size_t N>
constexpr std::optional<Enum> value_of(const table<N>& names, std::string_view name) {
  for (size_t i = 0; i < N; ++i)
    if (names[i] == name)
      return static_cast<Enum>(i);
  return std::nullopt;
}

} // namespace troupe::names
