#include "telemetry/metrics.hpp"

#include <prometheus/text_serializer.h>

namespace troupe {

prometheus::Counter& metrics::counter(const std::string& name, const std::string& help,
                                      const labels& with) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(with);
}

prometheus::Gauge& metrics::gauge(const std::string& name, const std::string& help,
                                  const labels& with) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(with);
}

prometheus::Histogram& metrics::histogram(const std::string& name, const std::string& help,
                                          const std::vector<double>& bounds, const labels& with) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_).Add(with, bounds);
}

std::string metrics::text() const {
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

} // namespace troupe
