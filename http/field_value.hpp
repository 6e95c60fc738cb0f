#pragma once
// Values of HTTP header fields, before anybody knows what they mean. Pure.

#include <string_view>

namespace troupe::http {

/// `text` without the spaces and tabs around it.
std::string_view trimmed(std::string_view text);

} // namespace troupe::http
