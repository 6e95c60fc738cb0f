#include "sim/balancer.hpp"

#include "sim/curl_handles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <set>
#include <utility>

namespace troupe::sim {

namespace {

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
    return {};
  return std::unique_ptr<char, text_end>(text).get();
}

/// What tells a node from others; empty: `text` names none.
std::string place_of(const std::string& text) {
  const std::unique_ptr<CURLU, url_end> url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK
      || part_of(url.get(), CURLUPART_SCHEME) != "http")
    return {};
  for (auto odd : {CURLUPART_USER, CURLUPART_QUERY, CURLUPART_FRAGMENT})
    if (!part_of(url.get(), odd).empty())
      return {};
  auto host = part_of(url.get(), CURLUPART_HOST);
  for (char& c : host)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return host + ":" + part_of(url.get(), CURLUPART_PORT) + part_of(url.get(), CURLUPART_PATH);
}

} // namespace

balancer::balancer(const std::vector<std::string>& urls) : last_(urls.size() - 1) {
  nodes_.reserve(urls.size());
  for (const auto& url : urls)
    nodes_.push_back({.url = url});
}

bool balancer::knows_all() const {
  return nodes_.size() == 1
         || std::all_of(nodes_.begin(), nodes_.end(), [](const node& n) { return n.known; });
}

size_t balancer::node_for(std::optional<size_t> current) {
  if (current && is_in(*current))
    return *current;
  const bool none = std::none_of(nodes_.begin(), nodes_.end(), [](const node& n) { return n.in; });
  for (size_t i = 0; i < nodes_.size(); ++i) {
    last_ = (last_ + 1) % nodes_.size();
    if (none ? last_ != current : is_in(last_))
      break;
  }
  return last_;
}

void balancer::set(size_t node, bool in, time_point now) {
  auto& n = nodes_.at(node);
  n.known = true;
  if (nodes_.size() == 1 || n.in == in)
    return;
  n.in = in;
  if (in)
    n.out += now - n.out_since;
  else
    n.out_since = now;
}

std::vector<node_record> balancer::records(time_point now) const {
  std::vector<node_record> all;
  all.reserve(nodes_.size());
  for (const auto& n : nodes_)
    all.push_back({n.url, n.requests, n.in ? n.out : n.out + (now - n.out_since)});
  return all;
}

std::vector<std::string> node_urls(const std::vector<std::string>& given,
                                   std::vector<std::string>& mistakes) {
  std::vector<std::string> urls;
  std::set<std::string> places;
  for (auto url : given) {
    const auto text = url;
    while (url.ends_with('/'))
      url.pop_back();
    const auto place = place_of(url);
    if (place.empty())
      mistakes.push_back(fmt::format("--url: must be http://host:port, not \"{}\"", text));
    else if (!places.insert(place).second)
      mistakes.push_back(fmt::format("--url: {} is named twice", text));
    else
      urls.push_back(std::move(url));
  }
  return urls;
}

} // namespace troupe::sim
