#pragma once
// If-Match (RFC 9110): under which versions of a thing a change is meant. Pure.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe::http {

/// The versions that the field names: whole numbers as strong entity tags, `"3"` or `"3", "4"`.
/// Nothing for `*`. Tags that are no version, weak ones (they never match here) and malformed
/// fields name none.
std::optional<std::vector<int32_t>> versions_in(std::string_view if_match);

} // namespace troupe::http
