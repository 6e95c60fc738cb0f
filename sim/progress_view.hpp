#pragma once
// How a run is going, while it goes: on a terminal a table that is drawn again each second,
// elsewhere one plain line each five seconds. For one thread, the one that records.

#include "sim/recorder.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace troupe::sim {

/// Where the run stands, as the view shows it.
struct progress {
  std::string name;                             ///< of the scenario
  std::optional<std::chrono::seconds> duration; ///< planned, when there is an end
};

/// The table: one text a line, none longer than `columns`, at most `rows` of them; what does not
/// fit is left out from the end. Shows the last second that is over.
std::vector<std::string> progress_table(const progress& run, const recorder& seen, size_t columns,
                                        size_t rows);

/// The same as one line of name=value, of the last `seconds` seconds.
std::string progress_line(const recorder& seen, size_t seconds);

class progress_view {
public:
  static constexpr size_t plain_every = 5; ///< seconds

  /// Writes to `out`, which must outlive it.
  progress_view(progress run, std::FILE* out);

  /// Shows what there is to show, once a second at most: call it as often as `recorder::tick`.
  void show(const recorder& seen);
  /// Shows the end, whatever was shown before.
  void finish(const recorder& seen);

private:
  void draw(const recorder& seen);
  void print(const recorder& seen);

  progress run_;
  std::FILE* out_;
  bool terminal_;
  size_t shown_ = 0; ///< seconds of the run that have been shown
  size_t drawn_ = 0; ///< lines of the table that stand on the terminal
};

} // namespace troupe::sim
