#pragma once
// Randomness of the operating system, fetched in bulk. Callable from any thread.

#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe {

/// Throws `std::system_error` when there is none.
uint8_t random_byte();

/// So many of them in lower-case hexadecimal.
std::string random_hex(size_t bytes);

} // namespace troupe
