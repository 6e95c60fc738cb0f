#pragma once
// What a client's Idempotency-Key stands for in the stores.

#include <string>

namespace troupe {

/// An Idempotency-Key in its scope (user, method, path, key), with the digest of the body's bytes.
struct idempotency {
  std::string scope;
  std::string body_hash;
  bool operator==(const idempotency&) const = default;
};

} // namespace troupe
