#pragma once
// What a client's Idempotency-Key stands for in the stores.

#include <chrono>
#include <string>

namespace troupe {

/// How long keys are known, unless the configuration says otherwise.
inline constexpr std::chrono::seconds default_key_life{24 * 60 * 60};

/// An Idempotency-Key in its scope (user, method, path, key), with the digest of the body's bytes.
struct idempotency {
  std::string scope;
  std::string body_hash;
  bool operator==(const idempotency&) const = default;
};

} // namespace troupe
