// Hosts, origins, and what proxies say about clients. The input's lines: a Host, an Origin, a
// network, a peer, X-Forwarded-For, Forwarded.

#include "http/client_address.hpp"
#include "http/policy.hpp"

#include "check.hpp"

#include <algorithm>
#include <cstdint>

using namespace troupe::http;

namespace {

std::string take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return std::string(line);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  host_policy({"shop.example"}).allows(take_line(text));
  origin_policy({"http://localhost:*", "https://shop.example"}).allows(take_line(text));
  const auto trusted = take_line(text);
  const auto peer = take_line(text);
  header_list headers;
  for (const auto* name : {"X-Forwarded-For", "Forwarded"})
    if (auto value = take_line(text); !value.empty())
      headers.emplace_back(name, std::move(value));
  const auto client = proxy_policy({trusted, "10.0.0.0/8"}).client_of(peer, headers);
  const auto parsed = parse_address(client);
  FUZZ_CHECK(client == peer || (parsed && to_text(*parsed) == client));
  if (!parse_address(peer))
    FUZZ_CHECK(client == peer);
  FUZZ_CHECK(network_of(client).size() <= std::max<size_t>(client.size(), 64));
  return 0;
}
