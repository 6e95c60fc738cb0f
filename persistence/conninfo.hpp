#pragma once
// Connection strings, which hold passwords: what may be said about them.

#include <string>

namespace troupe::pg {

/// What is wrong with a connection string, in words that quote nothing of it; empty: it can be
/// used. Also a URI in which a password's own `@`, `/` or `:` has been taken for the end of it.
std::string mistake_in_conninfo(const std::string& conninfo);

/// `message` with the passwords of `conninfo` covered.
std::string without_secrets(std::string message, const std::string& conninfo);

} // namespace troupe::pg
