#include "tests/dst/trace.hpp"

#include <cstdio>

namespace troupe::dst {

namespace {

std::string text_of(const trace::line& l) {
  char time[32];
  std::snprintf(time, sizeof time, "%9.3f s  ", static_cast<double>(l.at.count()) / 1000);
  std::string text = time;
  text += l.order.empty() ? "-" : l.order;
  text.append(l.order.size() < 8 ? 8 - l.order.size() : 0, ' ');
  return text += " " + l.what + "\n";
}

} // namespace

void trace::note(std::chrono::milliseconds at, std::string_view order, std::string what) {
  lines_.push_back({at, std::string(order), std::move(what)});
}

uint64_t trace::digest() const {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const auto& l : lines_)
    for (const unsigned char c : text_of(l))
      hash = (hash ^ c) * 0x100000001b3U;
  return hash;
}

std::string trace::tail(const std::set<std::string>& orders, size_t count) const {
  std::vector<const line*> wanted;
  for (auto l = lines_.rbegin(); l != lines_.rend() && wanted.size() < count; ++l)
    if (orders.empty() || l->order.empty() || orders.contains(l->order))
      wanted.push_back(&*l);
  std::string text;
  for (auto l = wanted.rbegin(); l != wanted.rend(); ++l)
    text += text_of(**l);
  return text;
}

} // namespace troupe::dst
