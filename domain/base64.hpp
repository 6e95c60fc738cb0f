#pragma once
// Base64 (RFC 4648). Pure.

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Section 4, with padding.
std::string base64(std::string_view bytes);

/// Section 5: fit for URLs, without padding.
std::string base64url(std::string_view bytes);

/// What `base64url` makes `text` of; nothing when it makes it of nothing.
std::optional<std::string> from_base64url(std::string_view text);

} // namespace troupe
