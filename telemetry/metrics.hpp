#pragma once
// The process's metrics, in Prometheus' text format. One `metrics` object is made by the wiring and
// handed by reference to whoever counts; asking twice for a name with the same labels gives the
// same counter. All names start with `troupe_`. Callable from any thread.

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <string>
#include <vector>

namespace troupe {

class metrics {
public:
  using labels = std::map<std::string, std::string>;

  prometheus::Counter& counter(const std::string& name, const std::string& help,
                               const labels& with = {});
  prometheus::Gauge& gauge(const std::string& name, const std::string& help,
                           const labels& with = {});
  /// `bounds` are upper bounds in the metric's unit, ascending.
  prometheus::Histogram& histogram(const std::string& name, const std::string& help,
                                   const std::vector<double>& bounds, const labels& with = {});

  /// Everything counted so far, in the text exposition format.
  std::string text() const;

private:
  prometheus::Registry registry_{prometheus::Registry::InsertBehavior::Merge};
};

} // namespace troupe
