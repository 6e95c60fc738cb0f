// Bytes of a connection: whatever they are and however they were split, the framer cuts the same
// requests out of them, within its limits. The input's first byte says how they are split.

#include "http/framing.hpp"

#include "check.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

using namespace troupe::http;

namespace {

constexpr framing_limits limits{
    .max_head = 512, .max_target = 64, .max_body = 128, .max_fields = 8};

struct cut {
  std::vector<framed_request> requests;
  int heads = 0;
  std::optional<refusal> why;
};

/// Everything that the framer makes of what it holds.
void take_all(framer& from, cut& into) {
  while (!into.why) {
    switch (from.next()) {
      case framer::step::more:
        return;
      case framer::step::head:
        ++into.heads;
        break;
      case framer::step::request:
        into.requests.push_back(from.take());
        break;
      case framer::step::refused:
        into.why = from.why();
    }
  }
}

cut cut_up(std::string_view bytes, size_t piece) {
  framer from(limits);
  cut result;
  while (!bytes.empty() && !result.why) {
    from.append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    take_all(from, result);
  }
  return result;
}

void check_limits(const framed_request& r) {
  FUZZ_CHECK(r.body.size() <= limits.max_body);
  FUZZ_CHECK(r.head.target.size() <= limits.max_target);
  FUZZ_CHECK(r.head.target.starts_with('/') || r.head.target == "*");
  FUZZ_CHECK(r.head.headers.size() <= limits.max_fields);
  FUZZ_CHECK(r.head.chunked || r.body.size() == r.head.content_length);
  FUZZ_CHECK(!r.head.authority.empty() || r.head.http_1_0);
  for (const auto& [name, value] : r.head.headers) {
    FUZZ_CHECK(!name.empty() && std::all_of(name.begin(), name.end(), is_token_char));
    FUZZ_CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
}

void check_same(const cut& a, const cut& b) {
  FUZZ_CHECK(a.why == b.why);
  FUZZ_CHECK(a.heads == b.heads);
  FUZZ_CHECK(a.requests.size() == b.requests.size());
  for (size_t i = 0; i < a.requests.size(); ++i) {
    FUZZ_CHECK(a.requests[i].body == b.requests[i].body);
    FUZZ_CHECK(a.requests[i].head.method == b.requests[i].head.method);
    FUZZ_CHECK(a.requests[i].head.target == b.requests[i].head.target);
    FUZZ_CHECK(a.requests[i].head.headers == b.requests[i].head.headers);
    FUZZ_CHECK(a.requests[i].head.keep_alive == b.requests[i].head.keep_alive);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = cut_up(bytes, std::max<size_t>(bytes.size(), 1));
  for (const auto& r : whole.requests)
    check_limits(r);
  check_same(whole, cut_up(bytes, data[0] % 16U + 1));
  return 0;
}
