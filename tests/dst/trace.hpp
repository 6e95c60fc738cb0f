#pragma once
// What happened in a run, in order and in virtual time: two runs of one seed have the same trace, a
// failing run shows its end.

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::dst {

class trace {
public:
  struct line {
    std::chrono::milliseconds at{};
    std::string order; ///< empty: all of them
    std::string what;
  };

  void note(std::chrono::milliseconds at, std::string_view order, std::string what);

  const std::vector<line>& lines() const { return lines_; }
  /// FNV-1a (64 bit) of all lines.
  uint64_t digest() const;
  /// The last `count` lines that speak of `orders` or of everybody; of all, when there are none.
  std::string tail(const std::set<std::string>& orders, size_t count) const;

private:
  std::vector<line> lines_;
};

} // namespace troupe::dst
