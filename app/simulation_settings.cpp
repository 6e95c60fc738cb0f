#include "app/simulation_settings.hpp"

#include "app/settings_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr int64_t hour = 3600, hour_ms = hour * 1000;

std::vector<setting> settings_of(sim::scenario& s) {
  return {
      {"load", "customers", &s.load.customers, 0, 15'000, {}},
      {"load", "rate_per_minute", &s.load.rate_per_minute, 1, 6'000'000, {}},
      {"load", "peak_percent", &s.load.peak_percent, 1, 100'000, {}},
      {"load", "ramp_s", &s.load.ramp_s, 0, hour, {}},
      {"load", "duration_s", &s.load.duration_s, 1, 24 * hour, {}},
      {"load", "settle_s", &s.load.settle_s, 0, hour, {}},
      {"load", "speed_percent", &s.load.speed_percent, 1, 100'000, {}},
      {"catalogue", "products", &s.catalogue.products, 1, 10'000, {}},
      {"catalogue", "stock", &s.catalogue.stock, 0, 1'000'000'000, {}},
      {"catalogue", "skew_percent", &s.catalogue.skew_percent, 0, 1000, {}},
      {"catalogue", "most_lines", &s.catalogue.most_lines, 1, 100, {}},
      {"catalogue", "most_pieces", &s.catalogue.most_pieces, 1, 10'000, {}},
      {"customers", "pages", &s.customers.pages, 0, 1000, {}},
      {"customers", "think_ms", &s.customers.think_ms, 0, hour_ms, {}},
      {"customers", "poll_ms", &s.customers.poll_ms, 10, hour_ms, {}},
      {"customers", "notifications_ms", &s.customers.notifications_ms, 10, hour_ms, {}},
      {"customers", "patience_s", &s.customers.patience_s, 1, 24 * hour, {}},
      {"customers", "decline_percent", &s.customers.decline_percent, 0, 100, {}},
      {"customers", "timeout_percent", &s.customers.timeout_percent, 0, 100, {}},
      {"customers", "break_percent", &s.customers.break_percent, 0, 100, {}},
      {"customers", "double_click_percent", &s.customers.double_click_percent, 0, 100, {}},
      {"customers", "give_up_percent", &s.customers.give_up_percent, 0, 100, {}},
      {"customers", "keyless_percent", &s.customers.keyless_percent, 0, 100, {}},
      {"customers", "leave_percent", &s.customers.leave_percent, 0, 100, {}},
      {"customers", "cancel_percent", &s.customers.cancel_percent, 0, 100, {}},
      {"customers", "long_poll_percent", &s.customers.long_poll_percent, 0, 100, {}},
      {"customers", "stream_percent", &s.customers.stream_percent, 0, 100, {}},
      {"operators", "count", &s.operators.count, 0, 100, {}},
      {"operators", "pause_ms", &s.operators.pause_ms, 1, hour_ms, {}},
      {"operators", "batch", &s.operators.batch, 1, 1000, {}},
      {"operators", "at_once", &s.operators.at_once, 1, 1000, {}},
  };
}

std::string names_of_ours() {
  std::string names;
  for (const auto& file : sim::scenario_files())
    names.append(names.empty() ? "" : ", ").append(file.name);
  return names;
}

} // namespace

scenario_result read_scenario(const std::string& name) {
  scenario_result result;
  const auto settings = settings_of(result.plan);
  const auto ours = sim::scenario_files();
  const auto found = std::find_if(ours.begin(), ours.end(),
                                  [&](const sim::toml_file& file) { return file.name == name; });
  if (found != ours.end())
    read_settings_file(name + ".toml", found->text, settings, nullptr, result.mistakes);
  else if (const auto text = text_of_file(name))
    read_settings_file(name, *text, settings, nullptr, result.mistakes);
  else
    result.mistakes.push_back(
        fmt::format("{}: neither a file nor one of {}", name, names_of_ours()));
  if (result.mistakes.empty())
    for (const auto& mistake : check_scenario(result.plan))
      result.mistakes.push_back(fmt::format("{}: {}", name, mistake));
  return result;
}

std::vector<std::string> check_scenario(const sim::scenario& plan) {
  std::vector<std::string> wrong;
  const auto& c = plan.customers;
  if (c.decline_percent + c.timeout_percent + c.break_percent > 100)
    wrong.emplace_back("customers.decline_percent, timeout_percent and break_percent: must not be "
                       "above 100 together");
  if (c.long_poll_percent + c.stream_percent > 100)
    wrong.emplace_back(
        "customers.long_poll_percent and stream_percent: must not be above 100 together");
  return wrong;
}

} // namespace troupe
