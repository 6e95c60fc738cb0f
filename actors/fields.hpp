#pragma once
// How a struct that crosses nodes is written: its fields behind their length in bytes, and so does
// each struct within it. A reader takes the fields that it knows, passes over what comes behind
// them, and leaves the default in those that the writer did not know: so nodes that differ by
// fields at the end of a message understand each other.

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/meta/type_name.hpp>

#include <type_traits>
#include <vector>

namespace troupe {

template <class... Fields>
caf::error write_fields(caf::serializer& sink, Fields&... x) {
  std::vector<char> bytes;
  caf::binary_serializer inner{sink.context(), bytes};
  if (auto wrong = inner(x...))
    return wrong;
  return sink(bytes);
}

template <class... Fields>
caf::error read_fields(caf::deserializer& source, Fields&... x) {
  std::vector<char> bytes;
  if (auto wrong = source(bytes))
    return wrong;
  caf::binary_deserializer inner{source.context(), bytes};
  caf::error wrong;
  (void)((inner.remaining() > 0 && !(wrong = inner(x))) && ...); // up to the first that is missing
  return wrong;
}

/// The body of an `inspect`: `name` is what the struct is called in texts.
template <class Inspector, class... Fields>
auto fields(Inspector& f, const char* name, Fields&... x) {
  if constexpr (std::is_base_of_v<caf::serializer, Inspector>)
    return write_fields(f, x...);
  else if constexpr (std::is_base_of_v<caf::deserializer, Inspector>)
    return read_fields(f, x...);
  else
    return f(caf::meta::type_name(name), x...);
}

} // namespace troupe
